import { cloudNodes, nodesOfSite, type ClusterState } from '../cluster/state.ts';
import type { Docker } from '../docker/docker.ts';
import { listWhereScript, onChain, restoreWhereScript, wanAddress } from './isolation.ts';
import { deafChain, muteChain } from './rules.ts';

/** Which way is lost: `mute` is the one from the site to the cloud, `deaf` the one from the cloud to the site. */
export type LostWay = 'mute' | 'deaf';

/** One part of a way: from an address to an address. */
export type Leg = readonly [from: string, to: string];

/** What a link of which one way is lost has met since then. Keys are of `legKey`. */
export interface OneWayCount {
  /** Of those lost from or to the nodes: SYNs on the way to the cloud, answers to them on the way from it. */
  readonly handshakes: ReadonlyMap<string, number>;
  readonly lost: ReadonlyMap<string, number>;
  readonly passed: ReadonlyMap<string, number>;
}

export const legKey = ([from, to]: Leg): string => `${from} ${to}`;

const chainOf = (cluster: string, site: string, way: LostWay): string => (way === 'mute' ? muteChain : deafChain)(cluster, site);

/** Both ways of a site's WAN, each with the legs on both of its sides: a link that loses one way loses acknowledgements too. */
export function legsOf(cluster: ClusterState, site: string): { readonly toCloud: Leg[]; readonly toSite: Leg[] } {
  const wan = wanAddress(cluster, site);
  const toCloud: Leg[] = [...nodesOfSite(cluster, site).map(({ address }): Leg => [address, wan]), ...cloudNodes(cluster).map(({ address }): Leg => [wan, address])];
  return { toCloud, toSite: toCloud.map(([from, to]): Leg => [to, from]) };
}

/**
 * Input for `iptables-restore --noflush` that makes a site's WAN lose one way, or nothing any more. A rule without a target
 * counts what goes the other way.
 */
export function oneWayScript(cluster: ClusterState, site: string, way: LostWay, on: boolean): string {
  const chain = chainOf(cluster.name, site, way);
  const { toCloud, toSite } = legsOf(cluster, site);
  const [lost, passed] = way === 'mute' ? [toCloud, toSite] : [toSite, toCloud];
  // The first that match: a SYN, or an answer to one, which nobody but the other end can have sent.
  const handshake = `-p tcp -m tcp --tcp-flags SYN,RST,ACK ${way === 'mute' ? 'SYN' : 'SYN,ACK'}`;
  const edge = new Set(nodesOfSite(cluster, site).map(({ address }) => address));
  const rules = on ? [...lost.filter((leg) => leg.some((one) => edge.has(one))).map(([from, to]) => `-A ${chain} -s ${from} -d ${to} ${handshake} -j DROP`), ...lost.map(([from, to]) => `-A ${chain} -s ${from} -d ${to} -j DROP`), ...passed.map(([from, to]) => `-A ${chain} -s ${from} -d ${to}`)] : [];
  return ['*filter', `:${chain} - [0:0]`, ...rules, 'COMMIT', ''].join('\n');
}

/** Packets of each leg, from what `iptables -v -S CHAIN` prints of the rules of `oneWayScript`. */
export function readOneWay(text: string): OneWayCount {
  const [handshakes, lost, passed] = [new Map<string, number>(), new Map<string, number>(), new Map<string, number>()];
  for (const [, from = '', to = '', flags, packets, target] of text.matchAll(/ -s ([\d.]+)\/32 -d ([\d.]+)\/32 (-p tcp .*)?-c (\d+) \d+( -j DROP)?$/gm)) {
    (target === undefined ? passed : flags === undefined ? lost : handshakes).set(legKey([from, to]), Number(packets));
  }
  return { handshakes, lost, passed };
}

/** Prints the rules of a chain of the table filter with their counters. Argument: the chain. */
const countWhereScript = `
for flavour in iptables-nft iptables-legacy; do
  if "$flavour" -w 10 -v -S "$1" 2>/dev/null; then exit 0; fi
done
exit 3
`;

/**
 * Makes a site's WAN lose one way, or nothing of it any more. What is so already stays so, with its counters. Other faults of
 * the same WAN stay as they are.
 *
 * @throws CannotTellError `ISOLATION_MISSING`, `CLUSTER_EMPTY`
 */
export async function setOneWay(docker: Docker, cluster: ClusterState, site: string, way: LostWay, on: boolean, signal: AbortSignal): Promise<void> {
  const chain = chainOf(cluster.name, site, way);
  const isOn = (await onChain(docker, cluster, chain, listWhereScript, '', signal)).includes('-A ');
  if (isOn !== on) await onChain(docker, cluster, chain, restoreWhereScript, oneWayScript(cluster, site, way, on), signal);
}

/** What it has met since one way was lost. @throws CannotTellError `ISOLATION_MISSING` */
export async function countOneWay(docker: Docker, cluster: ClusterState, site: string, way: LostWay, signal: AbortSignal): Promise<OneWayCount> {
  return readOneWay(await onChain(docker, cluster, chainOf(cluster.name, site, way), countWhereScript, '', signal));
}
