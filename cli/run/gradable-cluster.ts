import { UsageError } from '../../core/errors.ts';
import { FaultLog } from '../../chaos/fault-log.ts';
import type { ClusterState } from '../../harness/cluster/state.ts';
import { loadCluster } from '../../harness/cluster/store.ts';
import { chooseCluster } from '../clusters.ts';
import { runningCluster } from '../running.ts';

/**
 * A running cluster that can be graded: with a fault in it, or without one of its containers, what is found would be that fault's doing.
 *
 * @throws UsageError when there is none of that name, when a fault is open in it, or when it does not run whole; ExecError
 */
export async function gradableCluster(name: string, signal: AbortSignal): Promise<ClusterState> {
  const cluster = await loadCluster(await chooseCluster(name));
  const open = await (await FaultLog.open(cluster)).active();
  if (open.length > 0) throw new UsageError(`cluster ${name} has ${open.length === 1 ? 'an open fault' : `${open.length} open faults`}: ${open.map(({ id, target }) => `${id} (${target})`).join(', ')}`, { next: `heal it first: edgeproof fault heal --name ${name}` });
  const { docker } = await runningCluster(name, signal);
  const { stdout } = await docker.run(['ps', '--format', '{{.Names}}'], { signal });
  const running = stdout.split('\n');
  const off = [...cluster.nodes.map((node) => node.name), ...cluster.wans.map(({ container }) => container)].filter((container) => !running.includes(container));
  if (off.length > 0) throw new UsageError(`cluster ${name} is not whole: ${off.join(', ')} ${off.length === 1 ? 'does' : 'do'} not run`, { next: `boot another one, or leave --cluster out; to remove this one: edgeproof down ${name}` });
  return cluster;
}
