import assert from 'node:assert/strict';
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { silentProgress } from '../../core/progress.ts';
import type { ClusterState } from '../../harness/cluster/state.ts';
import type { Docker } from '../../harness/docker/docker.ts';
import { followLogs } from './logs.ts';

const cluster = {
  name: 'dev', nodes: ['dev-worker', 'dev-worker2'].map((name) => ({ name })), wans: [{ site: 'east', container: 'dev-wan-east' }],
} as unknown as ClusterState;

/** Follows logs with a shell script in the place of `docker`. @param read told of each write to stdout */
async function withDocker(script: string, what: string, follow: boolean, read: (text: string, gone: AbortController) => void = () => {}): Promise<{ stdout: string; stderr: string; error: unknown }> {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'edgeproof-logs-'));
  await writeFile(join(folder.path, 'docker'), `#!/bin/sh\n${script}`, { mode: 0o755 });
  const docker = { env: { PATH: `${folder.path}:${process.env['PATH']}` }, exec: async () => await Promise.reject(new Error('is off')) } as unknown as Docker;
  const gone = new AbortController();
  const said = { stdout: '', stderr: '', error: undefined as unknown };
  const io = {
    stdout: { write: (text: string) => { said.stdout += text; read(text, gone); } }, stderr: { write: (text: string) => { said.stderr += text; } },
    env: {}, cwd: '/', signal: new AbortController().signal, unread: gone.signal, progress: silentProgress,
  };
  await followLogs({ cluster, docker }, what, { follow, lines: 10 }, io).catch((error: unknown) => { said.error = error; });
  return said;
}

test('of a node that does not answer it is said that its logs could not be read, and not as if it were its log', async () => {
  const { stdout, stderr, error } = await withDocker('case $* in *worker2*) echo "is not running" >&2; exit 1;; esac; echo a line', 'kubelet', false);
  assert.deepEqual([stdout, stderr], ['worker | a line\n', 'worker2 | is not running\n']);
  assert.match((error as Error).message, /the logs of worker2 could not be read/);
});

test('what a container writes to its stderr is its log', async () => {
  assert.deepEqual(await withDocker('echo out; sleep 0.1; echo err >&2', 'east', false), { stdout: 'out\nerr\n', stderr: '', error: undefined });
});

test('nobody is followed for whom nobody reads any more', { timeout: 20_000 }, async () => {
  const { stdout, error } = await withDocker('echo one; exec sleep 60', 'east', true, (_, gone) => gone.abort());
  assert.deepEqual([stdout, error], ['one\n', undefined]);
});
