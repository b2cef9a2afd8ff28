import { CannotTellError } from '../../core/errors.ts';
import { cloudNodes, sitesOf, type ClusterState, type NodeState } from '../../harness/cluster/state.ts';

/** The nodes that the features speak of. All are of the largest site that the scenario has, so that the edge node has a neighbour if any has. */
export interface Roles {
  readonly site: string;
  readonly edgeNode: NodeState;
  /** Another edge node of the same site; undefined when every site has one node only. */
  readonly neighbour: NodeState | undefined;
  /** A cloud node that runs workloads: a worker if there is one. */
  readonly cloudNode: NodeState;
  readonly sites: readonly string[];
}

/** @throws CannotTellError `NO_EDGE` */
export function rolesOf(cluster: ClusterState): Roles {
  const sites = sitesOf(cluster);
  const [largest] = sites.toSorted((a, b) => b.nodes.length - a.nodes.length);
  const edgeNode = largest?.nodes[0];
  const cloudNode = cloudNodes(cluster).find(({ role }) => role === 'worker') ?? cloudNodes(cluster)[0];
  if (largest === undefined || edgeNode === undefined || cloudNode === undefined) throw new CannotTellError('NO_EDGE', `cluster ${cluster.name} lacks an edge node or a cloud node`);
  return { site: largest.name, edgeNode, neighbour: largest.nodes[1], cloudNode, sites: sites.map(({ name }) => name) };
}
