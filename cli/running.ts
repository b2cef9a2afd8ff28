import { UsageError } from '../core/errors.ts';
import type { ClusterState } from '../harness/cluster/state.ts';
import { loadCluster } from '../harness/cluster/store.ts';
import { Docker } from '../harness/docker/docker.ts';
import { findEngine } from '../harness/engine/find-engine.ts';
import { chooseCluster } from './clusters.ts';

/** A cluster, and the engine that it runs on. @throws UsageError when there is no such cluster, or no engine answers */
export async function runningCluster(name: string | undefined, signal: AbortSignal): Promise<{ readonly cluster: ClusterState; readonly docker: Docker }> {
  const cluster = await loadCluster(await chooseCluster(name));
  const engine = await findEngine(signal);
  if (engine === undefined) throw new UsageError(`no Docker engine answers, so cluster ${cluster.name} does not run`, { next: 'start Docker, or boot a cluster: edgeproof up' });
  return { cluster, docker: new Docker(engine) };
}
