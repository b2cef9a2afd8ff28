import { UsageError } from '../../core/errors.ts';
import { FaultLog } from '../../chaos/fault-log.ts';
import type { ClusterState } from '../../harness/cluster/state.ts';
import { loadCluster } from '../../harness/cluster/store.ts';
import { chooseCluster } from '../clusters.ts';

/**
 * A running cluster that can be graded: with a fault in it, what is found would be that fault's doing.
 *
 * @throws UsageError when there is none of that name, or a fault is open in it
 */
export async function gradableCluster(name: string): Promise<ClusterState> {
  const cluster = await loadCluster(await chooseCluster(name));
  const open = await (await FaultLog.open(cluster)).active();
  if (open.length > 0) throw new UsageError(`cluster ${name} has ${open.length === 1 ? 'an open fault' : `${open.length} open faults`}: ${open.map(({ id, target }) => `${id} (${target})`).join(', ')}`, { next: `heal it first: edgeproof fault heal --name ${name}` });
  return cluster;
}
