import { CannotTellError } from '../../core/errors.ts';
import type { Docker } from '../docker/docker.ts';
import { controlPlaneOf, type ClusterState } from './state.ts';

/**
 * For who waits for an API server that does not answer: its node is on the engine for as long as the cluster is, running or not.
 *
 * @throws CannotTellError `CLUSTER_GONE`, which no wait makes good; what `docker` throws
 */
export async function demandCluster(docker: Docker, cluster: ClusterState): Promise<void> {
  if ((await docker.containers(`name=^${controlPlaneOf(cluster).name}$`)).length > 0) return;
  throw new CannotTellError('CLUSTER_GONE', `cluster ${cluster.name} is not there any more: somebody has removed it`, { final: true, next: 'see who removes clusters (edgeproof down --force, docker rm), and run this again' });
}
