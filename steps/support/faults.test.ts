import assert from 'node:assert/strict';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { FaultRecord } from '../../chaos/fault.ts';
import { FaultLog } from '../../chaos/fault-log.ts';
import type { ClusterState } from '../../harness/cluster/state.ts';
import { disturbedBy, faultsSince } from './faults.ts';

const at = (ms: number): string => new Date(ms).toISOString();
const cluster = { nodes: [{ name: 'e1', site: 'east' }, { name: 'e2', site: 'east' }, { name: 'w1', site: 'west' }] } as unknown as ClusterState;

test('a scenario hears of its faults from the log, also of one that nobody felt', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'edgeproof-faults-'));
  const faults = new FaultLog(join(folder.path, 'faults.json'));
  const unfelt: FaultRecord = { id: 'b', kind: 'node-restart', target: 'node w1', startedAt: at(2000), endedAt: at(3000) };
  await faults.put({ id: 'a', kind: 'wan-down', target: 'site east', startedAt: at(1000), endedAt: at(1500) });
  await faults.put(unfelt);
  assert.deepEqual(await faultsSince({ faults }, new Date(2000)), [unfelt]);
  assert.deepEqual(disturbedBy([unfelt], cluster), { nodes: ['w1'], until: new Date(3000) });
});

test('a fault disturbs the nodes of its site, or those that it names, until the last one ended; the death of a container is none', () => {
  const records: FaultRecord[] = [
    { id: 'a', kind: 'wan-down', target: 'site east', startedAt: at(1), endedAt: at(9) },
    { id: 'b', kind: 'power-cut', target: 'node e2,w1', startedAt: at(2), endedAt: at(5) },
    { id: 'c', kind: 'container-kill', target: 'pod ns/app', startedAt: at(20), endedAt: at(21) },
  ];
  assert.deepEqual(disturbedBy(records, cluster), { nodes: ['e1', 'e2', 'w1'], until: new Date(9) });
  assert.deepEqual(disturbedBy([{ id: 'd', kind: 'unit-kill', target: 'unit e1/containerd.service', startedAt: at(3), endedAt: at(4) }], cluster), { nodes: ['e1'], until: new Date(4) });
  assert.deepEqual(disturbedBy([], cluster), { nodes: [], until: new Date(0) });
});
