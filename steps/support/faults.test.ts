import assert from 'node:assert/strict';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { FaultRecord } from '../../chaos/fault.ts';
import { FaultLog } from '../../chaos/fault-log.ts';
import type { ClusterState } from '../../harness/cluster/state.ts';
import { Docker } from '../../harness/docker/docker.ts';
import type { Ground } from './ground.ts';
import { disturbedBy, faultsSince, healEverything } from './faults.ts';

const none = new Set<string>();
const at = (ms: number): string => new Date(ms).toISOString();
const cluster = { nodes: [{ name: 'e1', site: 'east' }, { name: 'e2', site: 'east' }, { name: 'w1', site: 'west' }] } as unknown as ClusterState;

test('a scenario hears of its faults from the log, also of one that nobody felt', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'edgeproof-faults-'));
  const faults = new FaultLog(join(folder.path, 'faults.json'));
  const unfelt: FaultRecord = { id: 'b', kind: 'node-restart', target: 'node w1', startedAt: at(2000), endedAt: at(3000) };
  await faults.put({ id: 'a', kind: 'wan-down', target: 'site east', startedAt: at(1000), endedAt: at(1500) });
  await faults.put(unfelt);
  assert.deepEqual(await faultsSince({ faults }, { namespace: 'mine', ground: 'everything', admitted: none }, new Date(2000)), [unfelt]);
  assert.deepEqual(disturbedBy([unfelt], cluster), { nodes: ['w1'], until: new Date(3000) });
});

test('a scenario that is alone hears of all faults of its time, one that runs side by side of none of another\'s Pods', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'edgeproof-faults-'));
  const faults = new FaultLog(join(folder.path, 'faults.json'));
  for (const target of ['pod mine/app', 'pod other/app', 'pod edgeproof-tunnel/server-1']) await faults.put({ id: target, kind: 'container-kill', target, startedAt: at(2), endedAt: at(3) });
  const targets = async (ground: Ground): Promise<string[]> => (await faultsSince({ faults }, { namespace: 'mine', ground, admitted: none }, new Date(1))).map(({ target }) => target);
  assert.deepEqual(await targets('everything'), ['pod mine/app', 'pod other/app', 'pod edgeproof-tunnel/server-1']);
  assert.deepEqual(await targets('namespace'), ['pod mine/app']);
});

test('a scenario on one site hears of what befell that site and its own Pods, and of nothing else', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'edgeproof-faults-'));
  const faults = new FaultLog(join(folder.path, 'faults.json'));
  const mine = ['site east', 'node e2', 'node e1,e2', 'pod mine/app', 'pod kube-system/proxy'];
  for (const target of ['site west', 'node w1', 'node e1,w1', 'pod other/app', ...mine]) await faults.put({ id: target, kind: 'wan-down', target, startedAt: at(2), endedAt: at(3) });
  const seen = await faultsSince({ faults }, { namespace: 'mine', ground: { site: 'east', nodes: ['e1', 'e2'] }, admitted: new Set(['pod kube-system/proxy']) }, new Date(1));
  assert.deepEqual(seen.map(({ target }) => target), mine);
});

test('the clean-up of a scenario leaves alone what one that runs side by side with it is just doing', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'edgeproof-faults-'));
  const faults = new FaultLog(join(folder.path, 'faults.json'));
  const session = { cluster, docker: new Docker({ host: 'unix:///nowhere', private: false, version: '' }), faults };
  const others = await faults.put({ id: 'a', kind: 'container-kill', target: 'pod other/app', startedAt: at(1) });
  await faults.put({ id: 'b', kind: 'container-kill', target: 'pod mine/app', startedAt: at(2) });
  const healed = async (ground: Ground): Promise<string[]> => (await healEverything(session, { namespace: 'mine', ground, admitted: none }, AbortSignal.timeout(5000))).map(({ id }) => id);
  assert.deepEqual(await healed('namespace'), ['b']);
  await faults.put({ id: 'c', kind: 'container-kill', target: 'pod mine/app', startedAt: at(3) });
  assert.deepEqual(await healed({ site: 'east', nodes: ['e1', 'e2'] }), ['c']);
  assert.deepEqual(await faults.active(), [others]);
  assert.deepEqual(await healed('everything'), ['a']);
});

test('a fault disturbs the nodes of its site, or those that it names, until the last one ended; the death of a container is none', () => {
  const records: FaultRecord[] = [
    { id: 'a', kind: 'wan-down', target: 'site east', startedAt: at(1), endedAt: at(9) },
    { id: 'b', kind: 'power-cut', target: 'node e2,w1', startedAt: at(2), endedAt: at(5) },
    { id: 'c', kind: 'container-kill', target: 'pod ns/app', startedAt: at(20), endedAt: at(21) },
  ];
  assert.deepEqual(disturbedBy(records, cluster), { nodes: ['e1', 'e2', 'w1'], until: new Date(9) });
  assert.deepEqual(disturbedBy([{ id: 'd', kind: 'unit-kill', target: 'unit e1/containerd.service', startedAt: at(3), endedAt: at(4) }], cluster), { nodes: ['e1'], until: new Date(4) });
  assert.deepEqual(disturbedBy([{ id: 'e', kind: 'wan-down', target: 'site east', startedAt: at(1), healBeganAt: at(7), endedAt: at(9) }], cluster).until, new Date(7), 'what comes through while it is looked at again is news');
  assert.deepEqual(disturbedBy([], cluster), { nodes: [], until: new Date(0) });
});
