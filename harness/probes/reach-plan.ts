import { type ClusterState, cloudNodes, edgeNodes, type NodeState } from '../cluster/state.ts';
import { lastAddress, parseCidr } from '../../topologies/cidr.ts';
import { apiserver, toxiproxyApiPort, tunnel } from '../wan/services.ts';

/** Which promise of the isolation a probe is about. */
export type ReachTopic = 'wan' | 'edge-to-cloud' | 'cloud-to-edge' | 'within-site' | 'between-sites' | 'wan-itself' | 'way-out' | 'ipv6';

/**
 * What a probe saw. `answers`: a connection, and over it an answer where one is due. `refused`: an RST, so the
 * packets got there. `nothing`: silence. `failed`: none of these; the probe says nothing.
 */
export type Seen = 'answers' | 'refused' | 'nothing' | 'failed';

/** `reached`: answers or refused. */
export type Expected = 'answers' | 'reached' | 'refused' | 'nothing';

export interface ReachProbe {
  readonly about: ReachTopic;
  /** Name of the node that dials. */
  readonly from: string;
  /** A node or a WAN container, by name and address. */
  readonly to: string;
  readonly address: string;
  /** A TCP port; or one ICMP echo; or no dialling at all: whether the node's network device has an IPv6 address. */
  readonly port: number | 'icmp' | 'ipv6';
  readonly expected: Expected;
}

const kubelet = 10_250;
const kubeProxyHealth = 10_256;
/** Nothing listens there: an RST would tell that packets got through. */
const closed = 9;
/** Ports by which nodes must not see each other. The service ports of cloud nodes lead into the WAN instead. */
const shutPorts = [kubelet, kubeProxyHealth, closed, 'icmp'] as const;

/** All probes of a cluster whose WANs are enabled. With `nodes`, only those that one of them takes part in. */
export function reachPlan(cluster: ClusterState, nodes?: readonly string[]): ReachProbe[] {
  const edges = edgeNodes(cluster);
  const cloud = cloudNodes(cluster);
  const all = [
    ...cluster.nodes.flatMap((node) => wayOutProbes(cluster, node)),
    ...edges.flatMap((edge) => [
      ...wayProbes(cluster, edge, 'answers'),
      ...cloud.flatMap((node) => shut('edge-to-cloud', edge, node)),
      ...wanProbes(cluster, edge),
      { about: 'ipv6', from: edge.name, to: 'anything over IPv6', address: '', port: 'ipv6', expected: 'nothing' } as const,
    ]),
    ...cloud.flatMap((node) => edges.flatMap((edge) => shut('cloud-to-edge', node, edge))),
    ...edges.flatMap((from) => edges.filter((to) => to !== from).flatMap((to) => edgeProbes(cluster, from, to))),
  ];
  if (nodes === undefined) return all;
  return all.filter((probe) => nodes.some((node) => probe.from === node || probe.to === node));
}

/** The API server, dialled at the control plane's own address as every component of a node does. */
export function wayProbes(cluster: ClusterState, edge: NodeState, expected: Expected): ReachProbe[] {
  return cloudNodes(cluster).filter((node) => node.role === 'control-plane')
    .map((node) => ({ about: 'wan', from: edge.name, to: node.name, address: node.address, port: apiserver.port, expected }));
}

/** Every service of the cloud at every cloud node where it may be dialled: all of them lead through the WAN of the node's site. */
export function serviceProbes(cluster: ClusterState, edge: NodeState, expected: Expected): ReachProbe[] {
  const tunnels = cloudNodes(cluster).map((node): ReachProbe => ({ about: 'wan', from: edge.name, to: node.name, address: node.address, port: tunnel.port, expected }));
  return [...wayProbes(cluster, edge, expected), ...tunnels];
}

/**
 * Addresses that mean something inside the cluster only and that nobody there has, so that a node hands the packet to its
 * default gateway. Kubernetes gives the last address of the range to no Service; the last of the Pods' range is in no
 * node's part as long as a part is left.
 */
function wayOutProbes(cluster: ClusterState, node: NodeState): ReachProbe[] {
  const { serviceSubnet, podSubnet, nodeCidrMask } = cluster.topology.overlay;
  const probe = (to: string, range: string): ReachProbe[] => {
    const cidr = parseCidr(range);
    if (typeof cidr === 'string') throw new TypeError(cidr);
    if (range === podSubnet && 2 ** (nodeCidrMask - cidr.prefix) <= cluster.nodes.length) return [];
    return [{ about: 'way-out', from: node.name, to, address: lastAddress(cidr), port: closed, expected: 'refused' }];
  };
  return [...probe('a Service that is not there', serviceSubnet), ...probe('a Pod that is not there', podSubnet)];
}

const shut = (about: ReachTopic, from: NodeState, to: NodeState): ReachProbe[] => {
  // An edge node's dial to a service port of the cloud is answered by its WAN. The other way round nothing is.
  const ports = about === 'cloud-to-edge' ? [...shutPorts, apiserver.port, tunnel.port] : shutPorts;
  return ports.map((port) => ({ about, from: from.name, to: to.name, address: to.address, port, expected: 'nothing' }));
};

function wanProbes(cluster: ClusterState, edge: NodeState): ReachProbe[] {
  return cluster.wans.flatMap((wan) => {
    const ports = wan.site === edge.site ? [toxiproxyApiPort, 'icmp'] as const : [apiserver.port, tunnel.port, toxiproxyApiPort, 'icmp'] as const;
    return ports.map((port): ReachProbe => ({ about: 'wan-itself', from: edge.name, to: wan.container, address: wan.address, port, expected: 'nothing' }));
  });
}

function edgeProbes(cluster: ClusterState, from: NodeState, to: NodeState): ReachProbe[] {
  const near = from.site === to.site;
  const expected = near || cluster.topology.interSite === 'allow' ? 'reached' : 'nothing';
  return ([kubelet, 'icmp'] as const).map((port) => ({ about: near ? 'within-site' : 'between-sites', from: from.name, to: to.name, address: to.address, port, expected }));
}
