import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { silentProgress } from '../../core/progress.ts';
import type { ClusterState } from '../../harness/cluster/state.ts';
import type { Docker } from '../../harness/docker/docker.ts';
import type { KubeClient } from '../../harness/kube/client.ts';

const home = await mkdtemp(join(tmpdir(), 'edgeproof-left-'));
process.env['EDGEPROOF_HOME'] = home;
const [{ healLeft }, { FaultLog }] = await Promise.all([import('./heal-left.ts'), import('../../chaos/fault-log.ts')]);
after(async () => await rm(home, { recursive: true }));

const at = (second: number): string => new Date(Date.UTC(2026, 10, 28, 12, 0, second)).toISOString();
const cluster = { name: 'dev', nodes: [{ name: 'dev-worker2' }], wans: [{ site: 'east' }] } as unknown as ClusterState;

test('of a Cucumber that was killed the faults are ended and the namespaces removed, and nothing that was there before; what cannot be healed is named', async () => {
  const log = await FaultLog.open(cluster);
  // Kills heal by doing nothing, so this needs no engine.
  await log.put({ id: 'before', kind: 'container-kill', target: 'pod a/b', startedAt: at(1) });
  await log.put({ id: 'mine', kind: 'container-kill', target: 'pod a/c', startedAt: at(10) });
  const deleted: string[] = [];
  const namespace = (name: string, creationTimestamp: string): object => ({ metadata: { name, creationTimestamp } });
  const kube = {
    list: async (_version: string, _kind: string, { labelSelector }: { labelSelector: string }) => {
      assert.equal(labelSelector, 'dev.edgeproof.cluster-scenario=true');
      return [namespace('kept-for-a-look', at(1)), namespace('tunnel-outage-x1', at(9))];
    },
    delete: async (_version: string, _kind: string, name: string) => void deleted.push(name),
  } as unknown as KubeClient;
  const standing = { cluster, docker: { engine: { host: 'tcp://192.0.2.1:2376' } } as Docker, kube };
  await healLeft(standing, new Date(Date.parse(at(9)) + 400), { progress: silentProgress });
  assert.deepEqual([(await log.active()).map(({ id }) => id), deleted], [['before'], ['tunnel-outage-x1']]);
  await log.put({ id: 'stuck', kind: 'wan-down', target: 'site north', startedAt: at(11) });
  await assert.rejects(healLeft(standing, new Date(at(9)), { progress: silentProgress }), { code: 'FAULT_NOT_HEALED', message: /wan-down on site north/ });
  // Also then: the next run would find them.
  assert.deepEqual(deleted, ['tunnel-outage-x1', 'tunnel-outage-x1']);
});
