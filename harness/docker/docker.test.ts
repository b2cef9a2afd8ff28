import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Docker } from './docker.ts';

test('what an engine was asked that is gone has failed for that, also for who takes any answer; what one that lives refuses is an answer', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'edgeproof-docker-'));
  await writeFile(join(folder.path, 'docker'), '#!/bin/sh\necho "no such container" >&2; exit 1\n', { mode: 0o755 });
  const path = join(folder.path, 'docker.sock');
  const docker = new Docker({ host: `unix://${path}`, private: false, version: '' });
  const env = { PATH: `${folder.path}:${process.env['PATH']}` };
  await assert.rejects(docker.run(['ps'], { env }), { code: 'ENGINE_GONE', final: true });
  await assert.rejects(docker.run(['ps'], { env, accept: 'any' }), { code: 'ENGINE_GONE' });
  await assert.rejects(docker.exec('node', ['true'], { env, accept: [1] }), { code: 'ENGINE_GONE' });
  await assert.rejects(docker.run(['ps'], { env, signal: AbortSignal.abort() }), { code: 'EXEC_ABORTED' });
  const engine = createServer().listen(path);
  await once(engine, 'listening');
  await assert.rejects(docker.run(['ps'], { env }), { code: 'EXEC_FAILED' });
  assert.equal((await docker.run(['ps'], { env, accept: 'any' })).code, 1);
  engine.close();
});
