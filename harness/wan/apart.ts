import type { ClusterState, NodeState } from '../cluster/state.ts';
import type { Docker } from '../docker/docker.ts';
import { listWhereScript, onChain, restoreWhereScript } from './isolation.ts';
import { apartChain } from './rules.ts';

/** Two nodes that nothing shall pass between. */
export type Pair = readonly [Pick<NodeState, 'address'>, Pick<NodeState, 'address'>];

const rulesOf = (cluster: string, [a, b]: Pair): string[] =>
  [[a, b], [b, a]].map(([from, to]) => `${apartChain(cluster)} -s ${from!.address}/32 -d ${to!.address}/32 -j DROP`);

/** Whether both ways between two nodes are shut, from what `iptables -S CHAIN` prints. */
export function readApart(cluster: string, pair: Pair, listed: string): boolean {
  const lines = listed.split('\n').map((line) => line.trim());
  return rulesOf(cluster, pair).every((rule) => lines.includes(`-A ${rule}`));
}

/**
 * Input for `iptables-restore --noflush` that keeps two nodes apart, or no more; other pairs stay as they are. Undefined when it
 * is so already.
 */
export function apartScript(cluster: string, pair: Pair, on: boolean, listed: string): string | undefined {
  const lines = listed.split('\n').map((line) => line.trim());
  const wrong = rulesOf(cluster, pair).filter((rule) => lines.includes(`-A ${rule}`) !== on);
  return wrong.length === 0 ? undefined : ['*filter', ...wrong.map((rule) => `${on ? '-A' : '-D'} ${rule}`), 'COMMIT', ''].join('\n');
}

/**
 * Drops every packet between two nodes, whatever its protocol, or lets them pass again. Idempotent.
 *
 * @throws CannotTellError `ISOLATION_MISSING` when the cluster's chains are not on the host
 */
export async function setApart(docker: Docker, cluster: ClusterState, pair: Pair, on: boolean, signal: AbortSignal): Promise<void> {
  const chain = apartChain(cluster.name);
  const script = apartScript(cluster.name, pair, on, await onChain(docker, cluster, chain, listWhereScript, '', signal));
  if (script !== undefined) await onChain(docker, cluster, chain, restoreWhereScript, script, signal);
}

/** Whether they are kept apart. @throws CannotTellError as `setApart` */
export const areApart = async (docker: Docker, cluster: ClusterState, pair: Pair, signal: AbortSignal): Promise<boolean> =>
  readApart(cluster.name, pair, await onChain(docker, cluster, apartChain(cluster.name), listWhereScript, '', signal));
