import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { repositoryRoot } from '../../core/paths.ts';
import { waitFor } from '../../core/wait.ts';
import type { ClusterState } from '../../harness/cluster/state.ts';
import { loadTopology } from '../../topologies/load.ts';

/** In Docker's place: an engine that answers, in which a link goes on to write. */
const docker = '#!/bin/sh\ncase "$1" in version) [ -z "$SLOW" ] || { touch "$SLOW"; sleep 30; }; echo 1.0;; logs) echo a line; exec sleep 60;; *) exit 1;; esac\n';

test('Ctrl-C is how one leaves logs --follow, before the first line too: exit 0, and nothing is said', { timeout: 60_000 }, async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'edgeproof-logs-'));
  await writeFile(join(folder.path, 'docker'), docker, { mode: 0o755 });
  const state: ClusterState = {
    name: 'dev', createdAt: '2026-11-28T02:00:00.000Z', topology: await loadTopology('one-edge'), implementation: 'stock',
    network: { name: 'edgeproof-dev', subnet: '172.31.0.0/24' }, kubeconfig: '', nodes: [], wans: [{ site: 'east', container: 'dev-wan-east', address: '172.31.0.5' }],
  };
  await mkdir(join(folder.path, 'clusters', 'dev'), { recursive: true });
  await writeFile(join(folder.path, 'clusters', 'dev', 'cluster.json'), JSON.stringify(state));
  const follow = async (env: Readonly<Record<string, string>>, interruptAt: (child: ReturnType<typeof spawn>) => Promise<unknown>): Promise<unknown[]> => {
    const child = spawn(process.execPath, [join(repositoryRoot, 'cli', 'main.ts'), 'logs', 'east', '--follow'], {
      env: { ...process.env, PATH: `${folder.path}:${process.env['PATH']}`, EDGEPROOF_HOME: folder.path, DOCKER_HOST: 'unix:///nowhere', ...env }, stdio: ['ignore', 'pipe', 'pipe'],
    });
    const said = ['', ''];
    for (const [index, stream] of [child.stdout, child.stderr].entries()) stream.setEncoding('utf8').on('data', (text: string) => { said[index] += text; });
    const over = once(child, 'close');
    await interruptAt(child);
    child.kill('SIGINT');
    return [...(await over), ...said];
  };
  const asked = join(folder.path, 'asked');
  const untilAsked = async (): Promise<void> => await waitFor('the question for an engine', async () => (existsSync(asked) ? { done: undefined } : { missing: 'it was not asked' }), { timeoutMs: 30_000, everyMs: 20 });
  assert.deepEqual(await follow({ SLOW: asked }, untilAsked), [0, null, '', '']);
  assert.deepEqual(await follow({}, async (child) => await once(child.stdout!, 'data')), [0, null, 'a line\n', '']);
});
