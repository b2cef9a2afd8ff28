import { CannotTellError } from '../../core/errors.ts';
import type { Topology } from '../../topologies/schema.ts';

export type Tier = 'cloud' | 'edge';

export interface NodeState {
  /** Name of the Kubernetes node and of its kind container. */
  readonly name: string;
  readonly tier: Tier;
  readonly role: 'control-plane' | 'worker';
  /** Only edge nodes have one. */
  readonly site?: string;
  /** IPv4 address on the cluster's Docker network. */
  readonly address: string;
}

/** The link of one site to the cloud: a Toxiproxy container. */
export interface WanState {
  readonly site: string;
  readonly container: string;
  readonly address: string;
}

/** Where the parts of a tunnel run, for features that break them. The names are those of their workloads. */
export interface TunnelParts {
  readonly namespace: string;
  /** A Deployment on cloud nodes. */
  readonly server: string;
  /** A DaemonSet on edge nodes. */
  readonly agent: string;
  /** Where each part tells how many streams it has open, if it does: a Prometheus metric, over plain HTTP at `/metrics`. */
  readonly streams?: {
    /** Streams that are open there. */
    readonly metric: string;
    /** How many timers run, if it tells that too. */
    readonly timers?: string;
    /** At the address of a server's Pod. */
    readonly serverPort: number;
    /** At 127.0.0.1 of an agent's node. */
    readonly agentPort: number;
  };
}

/** What of a node's autonomy runs on the node itself, for features that break it. */
export interface AutonomyParts {
  /** Services of systemd on every edge node, each with its suffix. */
  readonly units: readonly string[];
  /** The label by which a Node is autonomous, if that is switched per node: without it, the node is handled as usual. */
  readonly nodeLabel?: { readonly key: string; readonly value: string };
}

/** What of the identity of nodes and Pods is kept on a node, for features that damage it. */
export interface IdentityParts {
  /** Absolute paths of files on every edge node, in which who the node is on the overlay is remembered. Those that are not there are passed over, if one is. */
  readonly stateFiles: readonly string[];
}

/** What edgeproof remembers of a running cluster, in `clusters/NAME/cluster.json` below its home. */
export interface ClusterState {
  readonly name: string;
  readonly createdAt: string;
  readonly topology: Topology;
  /** By what it was loaded: a name, or a path as seen from the root of the repository. Absent in a cluster that an earlier edgeproof booted. */
  readonly topologyArgument?: string;
  readonly implementation: string;
  /** Of an implementation that has a tunnel and says where. */
  readonly tunnel?: TunnelParts;
  /** Of an implementation that has parts on its nodes and says which. */
  readonly autonomy?: AutonomyParts;
  /** Of an implementation that keeps identities in files of its own and says where. */
  readonly identity?: IdentityParts;
  /** The cluster's own Docker network, IPv4 only. */
  readonly network: { readonly name: string; readonly subnet: string };
  /** Path of the cluster's own kubeconfig (mode 0600). */
  readonly kubeconfig: string;
  readonly nodes: readonly NodeState[];
  readonly wans: readonly WanState[];
}

/** @throws CannotTellError `CLUSTER_EMPTY` */
export function controlPlaneOf({ nodes }: Pick<ClusterState, 'nodes'>): NodeState {
  const controlPlane = nodes.find(({ role }) => role === 'control-plane');
  if (controlPlane === undefined) throw new CannotTellError('CLUSTER_EMPTY', 'the cluster has no control plane');
  return controlPlane;
}

export const edgeNodes = (cluster: Pick<ClusterState, 'nodes'>): NodeState[] => cluster.nodes.filter((node) => node.tier === 'edge');
export const cloudNodes = (cluster: ClusterState): NodeState[] => cluster.nodes.filter((node) => node.tier === 'cloud');
export const nodesOfSite = (cluster: ClusterState, site: string): NodeState[] => cluster.nodes.filter((node) => node.site === site);

/** The edge nodes that share a LAN. */
export interface SiteState {
  readonly name: string;
  readonly nodes: readonly NodeState[];
}

/** The sites of a cluster, in the order of its nodes. */
export const sitesOf = (cluster: Pick<ClusterState, 'nodes'>): SiteState[] =>
  [...Map.groupBy(cluster.nodes.filter(({ site }) => site !== undefined), ({ site }) => site!)].map(([name, nodes]) => ({ name, nodes }));

/** What a site sees of its cluster: the cloud and itself. */
export function partOf(cluster: ClusterState, site: string): ClusterState {
  const { topology, nodes, wans } = cluster;
  return {
    ...cluster,
    topology: { ...topology, sites: topology.sites.filter(({ name }) => name === site) },
    nodes: nodes.filter((node) => node.tier === 'cloud' || node.site === site),
    wans: wans.filter((wan) => wan.site === site),
  };
}
