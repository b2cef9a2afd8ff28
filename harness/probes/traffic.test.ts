import assert from 'node:assert/strict';
import { chmod, mkdtempDisposable, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { exec, type ExecOptions } from '../../core/exec.ts';
import type { Docker } from '../docker/docker.ts';
import type { NodePod } from './pods-on-node.ts';
import { fetchAllFrom, readReply } from './traffic.ts';

const url = 'http://10.96.0.7/';
const answer = { name: 'app-1', uid: 'u1', ip: '10.244.1.2', node: 'edge' };
const read = (stdout: string, code = 0, stderr = ''): ReturnType<typeof readReply> => readReply(url, { code, stdout, stderr });

test('an echo application is known by what it says of itself', () => {
  assert.deepEqual(read(`${JSON.stringify(answer)}\n\n200 text/html `), { answer });
});

// Seen: the ClusterIP of a Service that kube-proxy had not heard of, answered by the network outside.
test('an empty answer of a stranger is told with its status and its server, though curl ends well', () => {
  assert.deepEqual(read('\n404  keryx'), { failure: 'http://10.96.0.7/: something else answered, no application of edgeproof: HTTP 404 (keryx), with an empty body' });
});

test('neither another status nor JSON of another kind is an echo application', () => {
  assert.match(JSON.stringify(read(`${JSON.stringify(answer)}\n502 text/html nginx`)), /HTTP 502 \(text\/html nginx\)/);
  assert.match(JSON.stringify(read('null\n200 application/json ')), /HTTP 200 \(application\/json\), null/);
  assert.match(JSON.stringify(read('{"uid":7}\n200  ')), /something else answered/);
});

test('what failed is told in curl\'s words, or by its exit code; and no output is not an answer', () => {
  assert.deepEqual(read('', 28, 'noise\ncurl: (28) Connection timed out after 2001 milliseconds\n'), { failure: 'http://10.96.0.7/: curl: (28) Connection timed out after 2001 milliseconds' });
  assert.deepEqual(read('', 90), { failure: 'http://10.96.0.7/: exit 90, and no word of why' });
  assert.match(JSON.stringify(read('')), /curl ended well and said nothing of an answer: \(no output\)/);
});

const pod: NodePod = { node: 'edge', namespace: 'ns', name: 'app', uid: 'u0', sandbox: { id: 's', ready: true, attempt: 0 }, containers: [{ id: 'c', name: 'echo', attempt: 0, running: true }] };

test('several URLs are asked for at the same time, and each has its own reply and its time', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'edgeproof-traffic-'));
  await writeFile(join(folder.path, 'crictl'), `#!/bin/sh\n[ "$6" = c ] && echo ${process.pid}\n`);
  await chmod(join(folder.path, 'crictl'), 0o755);
  const node = { exec: async (_: string, argv: readonly [string, ...string[]], options: ExecOptions) => await exec(argv, { ...options, env: { PATH: `${folder.path}:${process.env['PATH']}` } }) } as unknown as Docker;
  await using server = createServer((request, response) => {
    if (request.url === '/late') setTimeout(() => response.end(JSON.stringify(answer)), 300);
    else if (request.url !== '/never') response.end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const startedAt = Date.now();
  const replies = await fetchAllFrom(node, pod, [`${base}/never`, `${base}/late`, `${base}/`, 'http://127.0.0.1:1/'], AbortSignal.timeout(10_000));
  server.closeAllConnections();
  const [never, late, soon, refused] = replies;
  assert.match(JSON.stringify(never), /timed out after 2\d{3} milliseconds/);
  assert.deepEqual([late, soon].map((reply) => (reply as { answer?: object }).answer), [answer, answer]);
  assert.match(JSON.stringify(refused), /Failed to connect/);
  // One that hangs holds up no other, and is not in the others' time.
  assert.ok(soon!.at - startedAt < 300 && late!.at - soon!.at > 200 && late!.at - startedAt < 1500 && never!.at - startedAt >= 2000, replies.map(({ at }) => at - startedAt).join(', '));
  const gone = await fetchAllFrom(node, { ...pod, containers: [{ ...pod.containers[0]!, id: 'other' }] }, [`${base}/`, `${base}/`]);
  assert.deepEqual(gone.map((reply) => ('failure' in reply ? reply.failure : '')), Array(2).fill('its node could not ask from its network: exit 90: no word of why'));
  assert.deepEqual((await fetchAllFrom(node, { ...pod, containers: [] }, [base])).map((reply) => ('failure' in reply ? reply.failure : '')), ['its own container does not run']);
});
