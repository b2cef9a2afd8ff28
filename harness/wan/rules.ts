import { createHash } from 'node:crypto';
import { type ClusterState, cloudNodes, nodesOfSite } from '../cluster/state.ts';
import { cloudServices } from './services.ts';

/** What the isolation of one cluster must know. Addresses are IPv4. */
export interface IsolationPlan {
  readonly cluster: string;
  /** CIDR of the cluster's Docker network. */
  readonly subnet: string;
  /** The network device of that network on the Docker host. */
  readonly bridge: string;
  /** CIDR of the Pods' addresses. */
  readonly podSubnet: string;
  /** CIDR of the Services' addresses. */
  readonly serviceSubnet: string;
  readonly cloud: readonly string[];
  readonly sites: readonly { readonly name: string; readonly wan: string; readonly nodes: readonly string[] }[];
  readonly interSite: 'deny' | 'allow';
}

/** The rules of one table: the chains that are ours, what is in them, and the jumps that lead into them. */
export interface TableRules {
  readonly chains: readonly string[];
  /** Rules without their verb: `CHAIN -s … -j …`. */
  readonly rules: readonly string[];
  /** Jumps into the first chain, without their verb; they are put at the head of a chain that is not ours. */
  readonly jumps: readonly string[];
}

/** The kernel takes 28 characters and a NUL for the name of a chain. */
const maxChainName = 28;
export const chainPrefix = 'EDGEPROOF-';

const hash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 8);

/**
 * The cluster's chain, in the tables filter, nat and mangle. `_` and `/` cannot be in a cluster's name, so a short name
 * and a hashed one never meet.
 */
export function clusterChain(cluster: string): string {
  const plain = `${chainPrefix}${cluster}`;
  return plain.length <= maxChainName ? plain : `${chainPrefix}${cluster.slice(0, 9)}_${hash(cluster)}`;
}

/** The chain that everything to and from a site's WAN container goes through: empty, or what it swallows. */
export function siteChain(cluster: string, site: string): string {
  const plain = `${chainPrefix}${cluster}/${site}`;
  return plain.length <= maxChainName ? plain : `${hashedSitePrefix(cluster)}${hash(site)}`;
}

/**
 * A chain beside it, of the connections whose end the WAN keeps from the cloud: a black hole is another thing, may be on at the same
 * time, and ends by itself. No site's name has a `/` in it.
 */
export const goneChain = (cluster: string, site: string): string => siteChain(cluster, `${site}/gone`);

/** What is lost on the way to the cloud, or on the way from it, while the other way stays open: each ends by itself, as above. */
export const muteChain = (cluster: string, site: string): string => siteChain(cluster, `${site}/mute`);
export const deafChain = (cluster: string, site: string): string => siteChain(cluster, `${site}/deaf`);

/** Nodes that nothing passes between: empty, or what keeps pairs of them apart. No site's name is empty. */
export const apartChain = (cluster: string): string => siteChain(cluster, '/apart');

/** Whom everything to and from a site's WAN container meets, in this order: who counts what has passed comes after who swallows it. */
const chainsOfSite = [siteChain, goneChain, deafChain, muteChain] as const;

const hashedSitePrefix = (cluster: string): string => `${chainPrefix}_${hash(cluster)}/`;

/** Whether a chain belongs to the cluster, told by its name alone. */
export function isChainOf(cluster: string, chain: string): boolean {
  return chain === clusterChain(cluster) || chain.startsWith(`${chainPrefix}${cluster}/`) || chain.startsWith(hashedSitePrefix(cluster));
}

/** What is known of a cluster before it has nodes. */
export type UnbornCluster = Pick<ClusterState, 'name' | 'network' | 'topology'>;

/** The plan of a cluster without nodes yet: what its nodes must not do from their first packet on. */
export function unbornPlan(cluster: UnbornCluster, bridge: string): IsolationPlan {
  const { podSubnet, serviceSubnet } = cluster.topology.overlay;
  return { cluster: cluster.name, subnet: cluster.network.subnet, bridge, podSubnet, serviceSubnet, cloud: [], sites: [], interSite: cluster.topology.interSite };
}

export function planOf(cluster: ClusterState, bridge: string): IsolationPlan {
  return {
    ...unbornPlan(cluster, bridge),
    cloud: cloudNodes(cluster).map((node) => node.address),
    sites: cluster.wans.map((wan) => ({ name: wan.site, wan: wan.address, nodes: nodesOfSite(cluster, wan.site).map((node) => node.address) })),
  };
}

/** Written into every chain, so that one with a hashed name still tells whose it is. */
export const commentOf = (cluster: string): string => `edgeproof cluster ${cluster}`;

/** A rule without a target: it only carries the comment. */
const ownerRule = (cluster: string): string => `${clusterChain(cluster)} -m comment --comment "${commentOf(cluster)}"`;

/** What means something inside the cluster only, and may not leave it. */
const innerRanges = ({ serviceSubnet, podSubnet }: IsolationPlan): string[] => [serviceSubnet, podSubnet];

/** What a refusal can be told by. */
const protocols = ['tcp', 'udp'] as const;
/** Where a dial is led to be refused: at a port of the host that nobody serves (tcpmux, RFC 1078). */
const refusingPort = 1;

/** Matches what was sent to a range, also after somebody has given it another destination. */
const sentTo = (range: string): string => `-m conntrack --ctorigdst ${range} --ctdir ORIGINAL`;

/**
 * A node that does not know a Service, or whose kube-proxy or flannel is down, sends such a packet to its default gateway;
 * from there it would leave the machine, and whoever has that address out there could answer. It ends on the host: what
 * `natRules` do not lead to its refusal is dropped, also when others' rules lead it elsewhere: a Kubernetes of the host's own may
 * have a Service at that address. Told by the bridge, as others may have the same ranges.
 */
export function mangleRules(plan: IsolationPlan): TableRules {
  const chain = clusterChain(plan.cluster);
  return {
    chains: [chain],
    rules: [
      ownerRule(plan.cluster),
      ...innerRanges(plan).map((range) => `${chain} -d ${range} -j DROP`),
      ...protocols.map((protocol) => `${chain} -p ${protocol} -m ${protocol} --dport ${refusingPort} -j RETURN`),
      `${chain} -j DROP`,
    ],
    jumps: innerRanges(plan).flatMap((range) => [
      // A Pod that shows its own address could not be answered: the host has no way to it but the one to the world.
      `PREROUTING ! -s ${plan.subnet} -d ${range} -i ${plan.bridge} -j ${chain}`,
      `INPUT -d ${range} -i ${plan.bridge} -j ${chain}`,
      `FORWARD -d ${range} -i ${plan.bridge} -j ${chain}`,
      ...['INPUT', 'FORWARD'].map((hook) => `${hook} -i ${plan.bridge} ${sentTo(range)} -j ${chain}`),
    ]),
  };
}

/**
 * Who may talk to whom, for traffic within the cluster's network. First match wins; RETURN hands the packet on to
 * Docker's own rules. No rule looks at connection state: a connection made before the rules has no privilege.
 * DNAT comes before this hook and is undone after it, so an edge node's flow to the API server is seen here as
 * a flow to the WAN container, both ways.
 */
export function filterRules(plan: IsolationPlan): TableRules {
  const chain = clusterChain(plan.cluster);
  const rules: string[] = [ownerRule(plan.cluster)];
  const add = (rule: string): void => { rules.push(`${chain} ${rule}`); };
  // A firewall of the host's own may swallow what comes to the host itself: the refusal must not depend on it. It is the kernel's, of a
  // port that nobody has; iptables' own (REJECT) leaves a bridge past the NAT, from an address that the client has not dialled.
  for (const range of innerRanges(plan)) for (const protocol of protocols) add(`-p ${protocol} ${sentTo(range)} -m ${protocol} --dport ${refusingPort} -j ACCEPT`);
  add(`-j ${apartChain(plan.cluster)}`);
  for (const site of plan.sites) {
    for (const own of chainsOfSite) {
      add(`-s ${site.wan} -j ${own(plan.cluster, site.name)}`);
      add(`-d ${site.wan} -j ${own(plan.cluster, site.name)}`);
    }
  }
  for (const site of plan.sites) {
    for (const { port } of cloudServices) {
      for (const edge of site.nodes) {
        add(`-s ${edge} -d ${site.wan} -p tcp -m tcp --dport ${port} -j RETURN`);
        add(`-s ${site.wan} -d ${edge} -p tcp -m tcp --sport ${port} -j RETURN`);
      }
      for (const cloud of plan.cloud) {
        add(`-s ${site.wan} -d ${cloud} -p tcp -m tcp --dport ${port} -j RETURN`);
        add(`-s ${cloud} -d ${site.wan} -p tcp -m tcp --sport ${port} -j RETURN`);
      }
    }
    add(`-s ${site.wan} -j DROP`);
    add(`-d ${site.wan} -j DROP`);
  }
  for (const [from, to] of edgePairs(plan).allowed) add(`-s ${from} -d ${to} -j RETURN`);
  for (const edge of plan.sites.flatMap((site) => site.nodes)) {
    add(`-s ${edge} -j DROP`);
    add(`-d ${edge} -j DROP`);
  }
  // Pods' packets travel inside the overlay or under their node's address. One that shows its own address could
  // come from any node, so no rule above could tell edge from cloud.
  add(`-s ${plan.podSubnet} -j DROP`);
  const jump = (match: string): string => `DOCKER-USER ${match} -j ${chain}`;
  return {
    chains: [chain, apartChain(plan.cluster), ...plan.sites.flatMap((site) => chainsOfSite.map((own) => own(plan.cluster, site.name)))],
    rules,
    jumps: [
      ...[`-s ${plan.subnet} -d ${plan.subnet}`, `-s ${plan.podSubnet} -d ${plan.subnet}`].map(jump),
      ...innerRanges(plan).map((range) => `INPUT -i ${plan.bridge} ${sentTo(range)} -j ${chain}`),
    ],
  };
}

/**
 * An edge node that dials a cloud node's service port meets its site's WAN container instead. What a node sends to a Service
 * or a Pod that it does not know is refused by the host, as kube-proxy refuses it for a Service without endpoints: a client
 * that dials while kube-proxy still starts then tries again in a second, and not after the 30 s that Go waits for silence.
 */
export function natRules(plan: IsolationPlan): TableRules {
  const chain = clusterChain(plan.cluster);
  const toWan = plan.sites.flatMap((site) => site.nodes.flatMap((edge) => plan.cloud.flatMap((cloud) => cloudServices.map(({ port }) =>
    `${chain} -s ${edge} -d ${cloud} -p tcp -m tcp --dport ${port} -j DNAT --to-destination ${site.wan}:${port}`))));
  const refuse = (match: string): string[] => protocols.map((protocol) => `${chain} ${match} -p ${protocol} -j REDIRECT --to-ports ${refusingPort}`);
  // Those of a node in a rule of its own: each node's count tells whether its packets came here.
  const refused = innerRanges(plan).flatMap((range) => [...nodesOf(plan).flatMap((node) => refuse(`-s ${node} -d ${range}`)), ...refuse(`-d ${range}`)]);
  return {
    chains: [chain],
    rules: [ownerRule(plan.cluster), ...toWan, ...refused],
    jumps: [
      `PREROUTING -s ${plan.subnet} -d ${plan.subnet} -p tcp -j ${chain}`,
      ...innerRanges(plan).map((range) => `PREROUTING -s ${plan.subnet} -d ${range} -i ${plan.bridge} -j ${chain}`),
    ],
  };
}

/** The addresses of all nodes. */
const nodesOf = ({ cloud, sites }: IsolationPlan): string[] => [...cloud, ...sites.flatMap(({ nodes }) => nodes)];

/** Ordered pairs of edge nodes that may talk directly, and those that may not. */
export function edgePairs(plan: IsolationPlan): { allowed: [string, string][]; denied: [string, string][] } {
  const edges = plan.sites.flatMap((site) => site.nodes.map((address) => ({ address, site: site.name })));
  const pairs = { allowed: [] as [string, string][], denied: [] as [string, string][] };
  for (const from of edges) {
    for (const to of edges) {
      if (from === to) continue;
      const near = from.site === to.site || plan.interSite === 'allow';
      (near ? pairs.allowed : pairs.denied).push([from.address, to.address]);
    }
  }
  return pairs;
}

/** Ordered pairs whose earlier, direct connections must be forgotten by the kernel's connection tracking. */
export function severedPairs(plan: IsolationPlan): [string, string][] {
  const edges = plan.sites.flatMap((site) => site.nodes);
  const cloud = edges.flatMap((edge) => plan.cloud.flatMap((node): [string, string][] => [[edge, node], [node, edge]]));
  return [...cloud, ...edgePairs(plan).denied];
}
