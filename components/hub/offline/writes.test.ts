import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LinkError, type UpstreamRequest } from '../link/index.ts';
import { json } from '../testing/api-server.ts';
import { nodeName } from '../testing/pki.ts';
import { initial, own, pod, respond, stage } from '../testing/stage.ts';
import { Readable } from 'node:stream';
import { until } from '../../tunnel/testing/until.ts';
import { Deferred } from './deferred.ts';
import { leasePath, nodePath } from './paths.ts';

const node = { kind: 'Node', apiVersion: 'v1', metadata: { name: nodeName, uid: 'u1', resourceVersion: '5' }, status: { conditions: [] } };
const lease = { kind: 'Lease', apiVersion: 'coordination.k8s.io/v1', metadata: { name: nodeName, namespace: 'kube-node-lease', uid: 'u2', resourceVersion: '9' }, spec: {} };
const merge = { ':method': 'PATCH', 'content-type': 'application/merge-patch+json' };

test('a write that nobody would send on is not answered as if it were done', async () => {
  await using stack = new AsyncDisposableStack();
  const { kubelet, cut } = await stage(stack, (request) => respond(request, 200, request.path === leasePath(nodeName) ? lease : node));
  await kubelet.get(nodePath(nodeName));
  await kubelet.get(leasePath(nodeName));
  await cut();
  const label = await kubelet.get(nodePath(nodeName), merge, json({ metadata: { labels: { a: 'b' } } }));
  assert.equal(label.status, 503);
  assert.match(label.body.toString(), /nothing was done/);
  const again = await kubelet.get(leasePath(nodeName).replace(/\/[^/]+$/, ''), { 'content-type': 'application/json' }, json(lease));
  assert.deepEqual([again.status, (JSON.parse(again.body.toString()) as { reason: string }).reason], [409, 'AlreadyExists']);
});

test('a Lease that cannot be read is its sender\'s mistake, and renews nothing', async () => {
  await using stack = new AsyncDisposableStack();
  const { kubelet, cut, memory } = await stage(stack, (request) => respond(request, 200, lease));
  await kubelet.get(leasePath(nodeName));
  await cut();
  for (const [type, body] of [['application/json', '{"kind":"Lease","meta'], ['application/vnd.kubernetes.protobuf', 'k8s\0\xff']] as const) {
    const answer = await kubelet.get(leasePath(nodeName), { ':method': 'PUT', 'content-type': type }, Buffer.from(body, 'latin1'));
    assert.deepEqual([answer.status, (JSON.parse(answer.body.toString()) as { reason: string }).reason], [400, 'BadRequest'], type);
  }
  assert.deepEqual(memory.waiting, []);
});

test('whoever has seen something newer is not given what is older, and a watch without initial events has none', async () => {
  await using stack = new AsyncDisposableStack();
  const { kubelet, cut, memory } = await stage(stack, (request) => respond(request, 200, { kind: 'PodList', apiVersion: 'v1', metadata: { resourceVersion: '20' }, items: [pod('a', '7')] }));
  const pods = `/api/v1/pods?${own}`;
  await kubelet.get(pods);
  await cut();
  for (const query of ['resourceVersion=21', 'resourceVersion=19&resourceVersionMatch=Exact', `${initial}&resourceVersion=21`]) {
    const { status, body } = await kubelet.get(`${pods}&${query}`);
    assert.equal(status, 503, query);
    assert.match(body.toString(), /is of resource version 20/);
  }
  for (const query of ['resourceVersion=20', 'resourceVersion=19&resourceVersionMatch=NotOlderThan', 'resourceVersion=0', 'resourceVersion=20&resourceVersionMatch=Exact']) assert.equal((await kubelet.get(`${pods}&${query}`)).status, 200, query);
  const watch = kubelet.ask(`${pods}&watch=true&sendInitialEvents=false&resourceVersionMatch=NotOlderThan`);
  const later = await kubelet.get(pods);
  assert.equal(later.status, 200);
  assert.deepEqual([memory.openWatches.size, watch.body.length], [1, 0]);
});

interface Sent {
  readonly path: string;
  readonly patch: { metadata?: { uid: string }; spec?: { renewTime: string } };
}

function deferredOf(time: { now: number }, answer: () => number): { readonly deferred: Deferred; readonly sent: Sent[]; readonly failures: unknown[] } {
  const sent: Sent[] = [];
  const failures: unknown[] = [];
  const request = async ({ path, body }: UpstreamRequest): ReturnType<ConstructorParameters<typeof Deferred>[0]['link']['request']> => {
    const status = answer();
    sent.push({ path, patch: JSON.parse(String(body)) as Sent['patch'] });
    return { status, headers: {}, body: Readable.from([]) };
  };
  return { deferred: new Deferred({ link: { request }, nodeName, failed: (reason) => void failures.push(reason), now: () => time.now }), sent, failures };
}

test('the cloud hears when the kubelet was last alive, of which objects, and nothing for one that is silent by now', async () => {
  const time = { now: Date.UTC(2026, 0, 1) };
  const { deferred, sent, failures } = deferredOf(time, () => 200);
  deferred.conditions([{ type: 'Ready' }], 'u1');
  deferred.renewed('u2');
  time.now += 39_000;
  await deferred.send();
  assert.deepEqual(sent, [
    { path: leasePath(nodeName), patch: { metadata: { uid: 'u2' }, spec: { renewTime: '2026-01-01T00:00:00.000000Z' } } },
    { path: `${nodePath(nodeName)}/status`, patch: { metadata: { uid: 'u1' }, status: { conditions: [{ type: 'Ready' }] } } },
  ]);
  deferred.conditions([], 'u1');
  deferred.renewed('u2');
  time.now += 41_000;
  await deferred.send();
  assert.deepEqual([sent.length, failures, deferred.waiting], [2, [], []]);
});

test('a kubelet that has nothing new to say is alive all the same: what it said last is said again', async () => {
  await using stack = new AsyncDisposableStack();
  const said: string[] = [];
  const { kubelet, cut, heal } = await stage(stack, (request) => {
    if (request.method === 'PATCH') said.push(request.path);
    respond(request, 200, request.path === leasePath(nodeName) ? lease : { ...node, status: { conditions: [{ type: 'Ready', status: 'True' }] } });
  });
  await kubelet.get(nodePath(nodeName));
  await kubelet.get(leasePath(nodeName));
  await cut();
  assert.equal((await kubelet.get(leasePath(nodeName), { ':method': 'PUT', 'content-type': 'application/json' }, json(lease))).status, 200);
  await heal();
  await until('the cloud hears of the node', () => said.length === 2);
  assert.deepEqual(said, [leasePath(nodeName), `${nodePath(nodeName)}/status`]);
});

test('what the cloud says of a node that it does not hear is no word of its kubelet', () => {
  const { deferred } = deferredOf({ now: 0 }, () => 200);
  deferred.unchanged([{ type: 'MemoryPressure', status: 'False' }, { type: 'Ready', status: 'Unknown' }], 'u1');
  assert.deepEqual(deferred.waiting, []);
  deferred.unchanged([{ type: 'Ready', status: 'True' }], 'u1');
  assert.deepEqual(deferred.waiting, ['node-status']);
});

test('what does not get there is said when the link is back; what is refused is told', async () => {
  let answer = (): number => {
    throw new LinkError('BROKEN', 'gone', { mayHaveBeenSeen: true });
  };
  const { deferred, sent, failures } = deferredOf({ now: 0 }, () => answer());
  deferred.renewed('u2');
  await deferred.send();
  assert.deepEqual(deferred.waiting, ['lease']);
  answer = () => 422;
  await deferred.send();
  assert.deepEqual([sent.length, deferred.waiting, failures.length], [1, [], 2]);
});
