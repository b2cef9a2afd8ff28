import { UsageError } from '../core/errors.ts';
import { choices, suggest } from '../core/suggest.ts';
import type { ClusterState, NodeState } from '../harness/cluster/state.ts';

/** A node's name without its cluster's: `worker2` of `dev-worker2`. */
export const shortName = (cluster: ClusterState, { name }: NodeState): string => (name.startsWith(`${cluster.name}-`) ? name.slice(cluster.name.length + 1) : name);

/** The node that is meant, by its name with or without its cluster's; undefined when there is none. */
export const findNode = (cluster: ClusterState, named: string): NodeState | undefined => cluster.nodes.find((node) => [node.name, shortName(cluster, node)].includes(named));

/** @throws UsageError when the cluster has no such node */
export function chooseNode(cluster: ClusterState, named: string): NodeState {
  const found = findNode(cluster, named);
  if (found !== undefined) return found;
  const names = cluster.nodes.map((node) => shortName(cluster, node));
  const meant = suggest(named, [...names, ...cluster.nodes.map(({ name }) => name)]);
  throw new UsageError(`cluster ${cluster.name} has no node "${named}"${meant === undefined ? '' : `; did you mean ${meant}?`}`, { next: `name one of ${choices(names)}` });
}
