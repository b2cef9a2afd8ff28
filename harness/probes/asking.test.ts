import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { exec } from '../../core/exec.ts';
import { waitFor } from '../../core/wait.ts';
import type { Docker } from '../docker/docker.ts';
import { readAnswers, startAsking } from './asking.ts';
import type { NodePod } from './pods-on-node.ts';

const pod = { namespace: 'ns', name: 'far', node: 'w', containers: [{ id: 'c1', name: 'echo', running: true }] } as unknown as NodePod;

test('a Pod asks again and again, tells whose answers were missed, and stops when it is told to', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'edgeproof-asking-'));
  await writeFile(join(folder.path, 'crictl'), `#!/bin/sh\necho ${process.pid}\n`, { mode: 0o755 });
  await writeFile(join(folder.path, 'nsenter'), '#!/bin/sh\nshift 3; exec "$@"\n', { mode: 0o755 });
  const records: string[] = [];
  const docker = { exec: async (_node: string, argv: [string, ...string[]]) => {
    records.push(argv.find((word) => word.startsWith('/tmp/edgeproof-asking-')) ?? '');
    return await exec(argv, { env: { PATH: `${folder.path}:${process.env['PATH']}` } });
  } } as unknown as Docker;
  let uid = 'uid-1';
  const server = createServer((request, response) => void response.end(JSON.stringify({ uid, at: request.url }))).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const asking = await startAsking(docker, pod, [{ url, uid: 'uid-1' }], { atMostMs: 60_000 });
  try {
    const first = await waitFor('answers', async () => {
      const seen = await asking.look().catch(() => undefined);
      return seen !== undefined && seen.asked >= 2 ? { done: seen } : { missing: 'none yet' };
    }, { timeoutMs: 20_000, everyMs: 100 });
    assert.deepEqual(first.missed, []);
    assert.ok(first.slowestSeconds > 0);
    uid = 'uid-2';
    const wrong = await waitFor('a wrong answer', async () => {
      const { missed } = await asking.look();
      return missed.length > 0 ? { done: missed[0]! } : { missing: 'none yet' };
    }, { timeoutMs: 20_000, everyMs: 100 });
    assert.match(wrong, new RegExp(`^20..-.*Z ${url}: \\{"uid":"uid-2"`));
  } finally {
    await asking.stop();
    server.close();
  }
  const record = records.at(-1)!;
  assert.equal(existsSync(record), false);
  await waitFor('the end of who asks', async () => (spawnSync('pgrep', ['-f', record]).status === 1 ? { done: true } : { missing: 'it runs' }), { timeoutMs: 10_000 });
  assert.equal(existsSync(record), false, 'it is not made again');
});

test('who was not asked for a while cannot have answered', () => {
  assert.deepEqual(readAnswers('100 answered 0.2\n101 answered 1.25\n102\n', 99), { asked: 2, slowestSeconds: 1.25, missed: [] });
  assert.throws(() => readAnswers('100 answered 0.1\n131 answered 0.1\n132\n', 99), { code: 'NOT_ASKING' });
  assert.throws(() => readAnswers('100 answered 0.1\n101 answered 0.1\n132\n', 99), { code: 'NOT_ASKING' });
  assert.throws(() => readAnswers('100\n', 99), { code: 'NOT_ASKING' });
  assert.deepEqual(readAnswers('100 http://10.0.0.1/: curl: (28) timed out\n101\n', 99).missed, ['1970-01-01T00:01:40.000Z http://10.0.0.1/: curl: (28) timed out']);
});

test('a Pod whose container does not run asks nobody', async () => {
  await assert.rejects(startAsking({} as Docker, { ...pod, containers: [] }, [], { atMostMs: 1 }), { code: 'NO_CONTAINER' });
});
