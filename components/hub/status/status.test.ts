import assert from 'node:assert/strict';
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { TestFolder } from '../cache/testing/folder.ts';
import { statusCommand } from './ask.ts';
import { reportOf, type StatusReport, type StatusSource } from './report.ts';
import { serveStatus, socketIn } from './serve.ts';
import { duration, size, textOf } from './text.ts';

const json = 'application/json';
const node = 'system:node:edge-1';
const now = new Date('2026-01-01T01:00:00.000Z');
const at = (secondsAgo: number): number => now.getTime() - secondsAgo * 1000;

const source = (state: StatusSource['link']['state'], lastContact?: Date): StatusSource => ({
  node: 'edge-1',
  link: { state, lastContact },
  summary: () => ({
    bytes: 5000,
    maxBytes: 1024 * 1024,
    tokens: 3,
    acceptedTokens: 4,
    collections: [
      { identity: node, path: '/api/v1/pods', fieldSelector: 'spec.nodeName=edge-1', labelSelector: '', mediaType: json, objects: 20, bytes: 3000, resourceVersion: '7', touchedAt: at(5), usedAt: at(5), watched: true, stored: false },
      { identity: 'system:serviceaccount:kube-system:kube-proxy', path: '/apis/discovery.k8s.io/v1/endpointslices', fieldSelector: '', labelSelector: 'a=b\u001b[2J', mediaType: json, objects: 1, bytes: 900, resourceVersion: '9', touchedAt: at(90), usedAt: at(2), watched: false, stored: true },
    ],
    objects: [
      { identity: node, path: '/api/v1/namespaces/default/secrets/a', mediaType: json, bytes: 500, touchedAt: at(3700), usedAt: at(60) },
      { identity: node, path: '/api/v1/namespaces/default/secrets/50%off', mediaType: json, bytes: 600, touchedAt: at(60), usedAt: at(30) },
    ],
  }),
  events: { size: 2, bytes: 2048, dropped: 1 },
  memory: { waiting: ['lease'], openWatches: { size: 14 } },
});

test('the report says of each client and resource how many, how old and how large', () => {
  const report = reportOf(source({ kind: 'cutOff', since: new Date(at(600)), reason: 'no answer within 3 s' }, new Date(at(604))), now);
  assert.deepEqual(report.clients.map(({ identity, cached }) => [identity, cached.map(({ resource, as, objects, bytes }) => `${as} ${resource} ${objects} ${bytes}`)]), [
    [node, ['whole pods 20 3000', 'single secrets 2 1100']],
    ['system:serviceaccount:kube-system:kube-proxy', ['whole endpointslices.discovery.k8s.io 1 900']],
  ]);
  const [, secrets] = report.clients[0]!.cached;
  assert.deepEqual([secrets!.namespace, secrets!.oldestAt, secrets!.newestAt, secrets!.usedAt], ['default', ...[3700, 60, 30].map((ago) => new Date(at(ago)).toISOString())]);
  assert.equal(textOf(report), `edge-1: cut off since 2026-01-01T00:50:00.000Z (10m): no answer within 3 s
API server last heard: 10m4s ago
not told to the cloud yet: lease, 2 events (2.0 KiB); 1 events dropped for want of room
watches kept open: 14
cache: 4.9 KiB of 1.0 MiB; 3 tokens for Pods, 4 bearers known

system:node:edge-1
  RESOURCE  WHICH                     OBJECTS  SIZE     HEARD AGO
  pods      all spec.nodeName=edge-1  20       2.9 KiB  5s, watched  in memory only
  secrets   some in default           2        1.1 KiB  1m to 1h1m

system:serviceaccount:kube-system:kube-proxy
  RESOURCE                         WHICH             OBJECTS  SIZE   HEARD AGO
  endpointslices.discovery.k8s.io  all a=b\\u001b[2J  1        900 B  1m30s
`);
});

test('times and sizes as one reads them', () => {
  assert.deepEqual([0, 59, 60, 3599, 3600, 3660, 90_000, 86_400 * 3].map(duration), ['0s', '59s', '1m', '59m59s', '1h', '1h1m', '1d1h', '3d']);
  assert.deepEqual([0, 1023, 1024, 1024 * 1024 * 2].map(size), ['0 B', '1023 B', '1.0 KiB', '2.0 MiB']);
});

test('the exit code says whether it is connected; the socket is for its user alone, and a dead hub\'s is no hindrance', async () => {
  await using folder = new TestFolder();
  const args = [`--cache=${folder.path()}`];
  let printed = '';
  const run = async (...more: string[]): Promise<number> => await statusCommand([...args, ...more], (text) => void (printed = text));
  await assert.rejects(run(), { code: 'NO_STATUS' });
  mkdirSync(folder.path());
  writeFileSync(socketIn(folder.path()), '');
  await assert.rejects(run(), { code: 'NO_STATUS' });
  for (const [state, code] of [[{ kind: 'connected', since: now }, 0], [{ kind: 'cutOff', since: now, reason: 'x' }, 1], [{ kind: 'unknown', since: now }, 1]] as const) {
    await using _served = await serveStatus(folder.path(), source(state));
    assert.equal(statSync(socketIn(folder.path())).mode & 0o777, 0o600);
    assert.equal(await run('--json'), code);
    assert.equal((JSON.parse(printed) as StatusReport).link.state, state.kind);
    assert.equal(await run(), code);
    assert.match(printed, /^edge-1: /);
  }
  await assert.rejects(statusCommand(['--yaml'], () => {}), { code: 'USAGE' });
});
