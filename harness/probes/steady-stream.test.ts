import assert from 'node:assert/strict';
import { chmod, mkdtempDisposable, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'node:test';
import { exec, type ExecOptions } from '../../core/exec.ts';
import type { Docker } from '../docker/docker.ts';
import type { NodePod } from './pods-on-node.ts';
import { readPings, readRequests, SteadyStream } from './steady-stream.ts';

const answer = (sequence: number): string => `64 bytes from 10.244.3.5: icmp_seq=${sequence} ttl=62 time=0.211 ms\n`;
const pinged = (sequences: readonly number[], transmitted: number, more = ''): string =>
  `pid 77\nPING 10.244.3.5 (10.244.3.5) 56(84) bytes of data.\n${sequences.map(answer).join('')}${more}\n--- 10.244.3.5 ping statistics ---\n${transmitted} packets transmitted, ${sequences.length} received, 0% packet loss, time 1ms\n`;

test('pings: each one that was not answered is lost, but for the last one that may be on its way', () => {
  assert.deepEqual(readPings(pinged([1, 2, 3], 3)), { sent: 3, lost: [] });
  assert.deepEqual(readPings(pinged([1, 2, 3], 4)), { sent: 3, lost: [] });
  assert.deepEqual(readPings(pinged([1, 4, 3], 4)), { sent: 4, lost: [2] });
  assert.deepEqual(readPings(pinged([1], 4)), { sent: 3, lost: [2, 3] });
  assert.deepEqual(readPings(pinged([1, 3], 3, 'From 10.244.2.1 icmp_seq=2 Destination Host Unreachable\n')), { sent: 3, lost: [2], why: 'From 10.244.2.1 icmp_seq=2 Destination Host Unreachable' });
  assert.throws(() => readPings('pid 77\nPING 10.244.3.5 (10.244.3.5) 56(84) bytes of data.\n'), { code: 'NO_REPORT' });
});

test('requests: an error, and an answer by another, are lost; what was cut off in the middle is not judged', () => {
  const good = '{"name":"app","uid":"u1"}\n\n200 \u001e\n';
  assert.deepEqual(readRequests(`pid 7\n${good}${good}\n000 Conn`, 'u1'), { sent: 2, lost: [] });
  assert.deepEqual(readRequests(`pid 7\n${good}\n000 Connection timed out after 1001 milliseconds\u001e\n${good}`, 'u1'), { sent: 3, lost: [2], why: 'Connection timed out after 1001 milliseconds' });
  assert.deepEqual(readRequests(`pid 7\n${good}`, 'u2').lost, [1]);
  assert.match(readRequests('pid 7\n\n404 \u001e\n', 'u1').why!, /HTTP 404/);
});

const pod: NodePod = { node: 'edge', namespace: 'ns', name: 'app', uid: 'u0', sandbox: { id: 's', ready: true, attempt: 0 }, containers: [{ id: 'c', name: 'echo', attempt: 0, running: true }] };

/** A node that is this machine, with a container runtime whose only container is this process. */
async function node(folder: string): Promise<Docker> {
  await writeFile(join(folder, 'crictl'), `#!/bin/sh\necho ${process.pid}\n`);
  await chmod(join(folder, 'crictl'), 0o755);
  return { exec: async (_: string, argv: readonly [string, ...string[]], options: ExecOptions) => await exec(argv, { ...options, env: { PATH: `${folder}:${process.env['PATH']}` } }) } as unknown as Docker;
}

test('a stream of requests sees that nobody answered for a moment, and that somebody always did', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'edgeproof-stream-'));
  const docker = await node(folder.path);
  let mute = false;
  await using server = createServer((request, response) => (mute ? request.socket.destroy() : response.end('{"uid":"u1"}\n')));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  await using calm = await SteadyStream.ofRequests(docker, pod, url, 'u1');
  await sleep(500);
  const whole = await calm.end();
  assert.deepEqual(whole.lost, []);
  assert.ok(whole.sent >= 3, `${whole.sent} were sent`);
  await using broken = await SteadyStream.ofRequests(docker, pod, url, 'u1');
  mute = true;
  await sleep(400);
  mute = false;
  await sleep(300);
  const { sent, lost, why } = await broken.end();
  assert.ok(lost.length >= 2 && lost.length < sent - 1 && !lost.includes(sent), `of ${sent} were lost ${lost.join(', ')}`);
  assert.match(why!, /Empty reply/);
});

test('an application that takes its time has lost nothing', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'edgeproof-stream-'));
  const docker = await node(folder.path);
  let delayMs = 0;
  await using server = createServer((_, response) => void setTimeout(() => response.end('{"uid":"u1"}\n'), delayMs));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  await using stream = await SteadyStream.ofRequests(docker, pod, `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, 'u1');
  await sleep(1000);
  delayMs = 1200;
  await sleep(200);
  delayMs = 0;
  await sleep(1500);
  const { sent, lost } = await stream.end();
  assert.deepEqual(lost, [], `of ${sent}`);
});

test('a Pod that does not run sends nothing, and what is never answered is no stream', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'edgeproof-stream-'));
  const docker = await node(folder.path);
  await assert.rejects(SteadyStream.ofPings(docker, { ...pod, containers: [] }, '127.0.0.1'), { code: 'NO_CONTAINER' });
  await assert.rejects(SteadyStream.ofRequests(docker, pod, 'http://127.0.0.1:1/', 'u1', AbortSignal.timeout(500)));
});

test('a stream that has ended by itself tells of the loss that it has seen; of none, nobody can tell', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'edgeproof-stream-'));
  const docker = await node(folder.path);
  const saying = async (said: string): Promise<SteadyStream> => {
    await writeFile(join(folder.path, 'said'), said);
    // In the place of the program that would be run in the Pod's network: it ends by itself.
    await writeFile(join(folder.path, 'nsenter'), `#!/bin/sh\ncat ${join(folder.path, 'said')}\n`);
    await chmod(join(folder.path, 'nsenter'), 0o755);
    const stream = await SteadyStream.ofPings(docker, pod, '10.244.3.5');
    while (stream.running) await sleep(5);
    return stream;
  };
  await using lossy = await saying(pinged([1, 2], 5, 'From 10.244.2.1 icmp_seq=3 Destination Host Unreachable\n'));
  assert.deepEqual((await lossy.end()).lost, [3, 4]);
  await using whole = await saying(pinged([1, 2], 2));
  await assert.rejects(whole.end(), { code: 'ENDED_EARLY' });
});
