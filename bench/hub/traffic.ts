import { CannotTellError } from '../../core/errors.ts';
import { controlPlaneOf, type NodeState } from '../../harness/cluster/state.ts';
import { runOnHost } from '../../harness/wan/host-helper.ts';
import { clusterChain } from '../../harness/wan/rules.ts';
import type { Pair } from './place.ts';

/** What has gone between a node and the API server since the isolation was applied, with all headers of IP and TCP and what was sent again. */
export interface Counters {
  /** From the node, and to it. */
  readonly bytesOut: number;
  readonly bytesIn: number;
  readonly packets: number;
  /** Connections that the node has opened. */
  readonly opened: number;
  /** Those that are open now. */
  readonly open: number;
}

export const apiServerPort = 6443;

/**
 * The host's own rules count: nobody who is measured has a part in it. Each packet between a node and its WAN meets one rule of the
 * cluster's chain, and of each connection the first packet, alone, meets a rule of the table nat.
 */
const script = `
for flavour in iptables-nft iptables-legacy; do
  if command -v "$flavour-save" >/dev/null; then "$flavour-save" --counters 2>/dev/null; fi
done
echo "#tracked"
conntrack --dump --proto tcp --dport ${apiServerPort} --state ESTABLISHED 2>/dev/null
`;

/** Where a node's packets to the API server are seen. Addresses are IPv4. */
export interface Way {
  /** The cluster's chain. */
  readonly chain: string;
  readonly node: string;
  readonly wan: string;
  readonly apiServer: string;
}

/**
 * Reads what the script prints.
 *
 * @throws CannotTellError `NO_COUNTERS` when the rules that count are not in it
 */
export function countersOf(text: string, { chain, node, wan, apiServer }: Way): Counters {
  const [rules = '', tracked = ''] = text.split('#tracked\n');
  const met = (rule: string): { packets: number; bytes: number } => {
    const line = rules.split('\n').find((one) => one.endsWith(`] -A ${chain} ${rule}`));
    const [, packets, bytes] = /^\[(\d+):(\d+)\]/.exec(line ?? '') ?? [];
    if (packets === undefined) throw new CannotTellError('NO_COUNTERS', `the host has no rule that counts what ${node} sends to its WAN: ${rule}`, { next: 'boot the cluster again: its isolation is not that of this edgeproof' });
    return { packets: Number(packets), bytes: Number(bytes) };
  };
  const port = (side: 'dport' | 'sport'): string => `-p tcp -m tcp --${side} ${apiServerPort}`;
  const out = met(`-s ${node}/32 -d ${wan}/32 ${port('dport')} -j RETURN`);
  const back = met(`-s ${wan}/32 -d ${node}/32 ${port('sport')} -j RETURN`);
  const opened = met(`-s ${node}/32 -d ${apiServer}/32 ${port('dport')} -j DNAT --to-destination ${wan}:${apiServerPort}`).packets;
  const open = tracked.split('\n').filter((line) => line.includes(` src=${node} dst=${apiServer} `)).length;
  return { bytesOut: out.bytes, bytesIn: back.bytes, packets: out.packets + back.packets, opened, open };
}

/** Of both nodes at one moment. */
export async function readCounters({ docker, cluster, hub, plain, signal }: Pair): Promise<{ hub: Counters; plain: Counters }> {
  const controlPlane = controlPlaneOf(cluster);
  const { Config: { Image: image } } = await docker.inspect(controlPlane.name, signal);
  const { stdout } = await runOnHost(docker, { image, script, cluster: cluster.name, accept: [0, 1], signal });
  const of = ({ address, site }: NodeState): Counters =>
    countersOf(stdout, { chain: clusterChain(cluster.name), node: address, wan: cluster.wans.find((wan) => wan.site === site)?.address ?? '', apiServer: controlPlane.address });
  return { hub: of(hub), plain: of(plain) };
}

/** What went on between two looks; `open` is that of the later one. */
export const between = (before: Counters, after: Counters): Counters => ({
  bytesOut: after.bytesOut - before.bytesOut, bytesIn: after.bytesIn - before.bytesIn, packets: after.packets - before.packets, opened: after.opened - before.opened, open: after.open,
});
