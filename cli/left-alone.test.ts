import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { exec, type ExecResult } from '../core/exec.ts';
import { tryLock } from '../core/lock.ts';
import { repositoryRoot } from '../core/paths.ts';
import type { ClusterState } from '../harness/cluster/state.ts';
import { loadTopology } from '../topologies/load.ts';

const name = `alone-${process.pid}`;

test('what another edgeproof grades or boots is left alone by hand, with who it is and what to do; --force does it', async () => {
  const home = await mkdtemp(join(tmpdir(), 'edgeproof-alone-'));
  const edgeproof = async (...args: string[]): Promise<ExecResult> =>
    await exec([process.execPath, join(repositoryRoot, 'cli', 'main.ts'), ...args], { env: { EDGEPROOF_HOME: home, NO_COLOR: '1' }, accept: 'any' });
  const state: ClusterState = {
    name, createdAt: '2026-11-28T02:00:00.000Z', topology: await loadTopology('one-edge'), implementation: 'reference',
    network: { name: `edgeproof-${name}`, subnet: '172.31.0.0/24' }, kubeconfig: join(home, 'kubeconfig'), nodes: [], wans: [],
  };
  try {
    await mkdir(join(home, 'clusters', name), { recursive: true });
    await writeFile(join(home, 'clusters', name, 'cluster.json'), JSON.stringify(state));
    const commands = [['fault', 'inject', 'wan-down', 'site', 'east'], ['fault', 'heal'], ['uninstall'], ['down'], ['down', name], ['down', '--all']];
    for (const [lock, tried] of [['graded', commands], ['cluster', [['down', name], ['down', '--all'], ['fault', 'heal']]]] as const) {
      await using _held = await tryLock(`${lock}-${name}`, '"edgeproof conformance --keep" (process 7)');
      for (const [index, { code, stderr }] of (await Promise.all(tried.map(async (args) => await edgeproof(...args)))).entries()) {
        assert.deepEqual([code, stderr.split('\n')[0]], [254, `edgeproof: another edgeproof works on cluster ${name} just now: "edgeproof conformance --keep" (process 7)`], tried[index]!.join(' '));
        assert.match(stderr, /\n {2}next: wait until it has ended, or interrupt it there; with --force/);
      }
      // Whatever they meet then (there may be no engine here), it is not the other edgeproof.
      for (const args of [['fault', 'inject', 'wan-down', 'site', 'east'], ['fault', 'heal']]) {
        assert.doesNotMatch((await edgeproof(...args, '--force')).stderr, /another edgeproof/, args.join(' '));
      }
    }
    assert.deepEqual(await readdir(join(home, 'clusters')), [name]);
  } finally {
    await rm(home, { recursive: true });
  }
});
