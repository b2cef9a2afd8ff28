import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { endOrphans, parentVariable } from '../../core/process.ts';
import { waitFor } from '../../core/wait.ts';
import type { Docker } from '../docker/docker.ts';
import type { NodePod } from './pods-on-node.ts';
import { whileStopped } from './stopped.ts';

const pod = { name: 'server', node: 'w', containers: [{ id: 'c1', name: 'server', running: true }, { id: 'old', name: 'old', running: false }] } as unknown as NodePod;

/** This machine is the node, and a process of ours the container. */
async function withNode(work: (docker: Docker, state: () => string, path: string) => Promise<void>): Promise<void> {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'edgeproof-stopped-'));
  const child = spawn('sleep', ['60']);
  await once(child, 'spawn');
  await writeFile(join(folder.path, 'crictl'), `#!/bin/sh\nfor last; do :; done\n[ "$last" = c1 ] && echo ${child.pid}\n`, { mode: 0o755 });
  const path = `${folder.path}:${process.env['PATH']}`;
  const exec = async (_node: string, argv: string[]) => {
    const { status, stdout, stderr } = spawnSync(argv[0]!, argv.slice(1), { encoding: 'utf8', env: { PATH: path } });
    assert.equal(status, 0, stderr);
    return { code: 0, stdout, stderr };
  };
  try {
    await work({ exec } as unknown as Docker, () => /^State:\s+(\S)/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))![1]!, path);
  } finally {
    child.kill('SIGKILL');
  }
}

test('a Pod stands still while something is done, and goes on afterwards, also when that fails', async () => await withNode(async (docker, state) => {
  assert.equal(await whileStopped(docker, pod, async () => state(), { atMostMs: 5000 }), 'T');
  assert.notEqual(state(), 'T');
  await assert.rejects(whileStopped(docker, pod, async () => { throw new Error(state()); }, { atMostMs: 5000 }), { message: 'T' });
  assert.notEqual(state(), 'T');
}));

test('it goes on by itself, and what was seen for longer says nothing', async () => await withNode(async (docker, state) => {
  await assert.rejects(whileStopped(docker, pod, async () => {
    while (state() === 'T') await new Promise((resolve) => setTimeout(resolve, 10));
  }, { atMostMs: 200 }), { code: 'STOPPED_TOO_SHORT' });
}));

test('it goes on by itself when whoever has asked is ended, and with him all that he had started', async () => await withNode(async (_docker, state, path) => {
  const asker = spawn('sleep', ['60'], { stdio: 'ignore' });
  await once(asker, 'spawn');
  // As `docker exec` by way of namespaces: what runs on the node is of the asker's group and environment.
  const exec = async (_node: string, argv: string[]) => {
    if (argv[0] === 'kill') return { code: 0, stdout: '', stderr: '' };
    const script = spawn(argv[0]!, argv.slice(1), { detached: true, stdio: ['ignore', 'pipe', 'ignore'], env: { PATH: path, [parentVariable]: String(asker.pid) } });
    const [stdout] = await Promise.all([text(script.stdout), once(script, 'close')]);
    asker.kill('SIGKILL');
    await once(asker, 'close');
    assert.throws(() => process.kill(-script.pid!, 'SIGKILL'), { code: 'ESRCH' });
    assert.equal(await endOrphans({ of: asker.pid! }), 0);
    return { code: 0, stdout, stderr: '' };
  };
  assert.equal(await whileStopped({ exec } as unknown as Docker, pod, async () => state(), { atMostMs: 1000 }), 'T');
  await waitFor('its going on', async () => (state() === 'T' ? { missing: 'it stands still' } : { done: undefined }), { timeoutMs: 5000, everyMs: 20 });
}));
