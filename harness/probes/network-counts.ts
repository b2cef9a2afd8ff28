import { allDone } from '../../core/all-done.ts';
import { vtepDevice } from '../cluster/flannel.ts';
import type { Docker } from '../docker/docker.ts';

/** How many there are of each kind of thing in a node's network, by what the kind is called; of iptables rules also by chain. */
export interface NetworkCounts {
  readonly node: string;
  readonly counts: Readonly<Record<string, number>>;
  /** Rules by table and chain: `nat KUBE-SERVICES`. */
  readonly chains: ReadonlyMap<string, number>;
}

const timeoutMs = 20_000;
/** As in RFC 7464: none of these programs prints it. */
const separator = '\u001e';

/**
 * A line for each thing. Left out is what comes and goes with the packets of the last minutes, and is nobody's to remove: forwards that a bridge has learned,
 * neighbours that are not permanent.
 */
const commands: Readonly<Record<string, string>> = {
  interfaces: 'ip -o link show',
  'veth interfaces': 'ip -o link show type veth',
  'IPv4 routes': 'ip -4 route show table all',
  'IPv6 routes': 'ip -6 route show table all',
  'forwards of flannel.1 (FDB)': `bridge fdb show dev ${vtepDevice}`,
  'permanent neighbours (ARP)': 'ip neigh show nud permanent',
  'network namespaces': 'ls /run/netns 2>/dev/null || true',
  'iptables rules': 'iptables-save',
};
const script = Object.values(commands).map((command) => `${command} || exit 1; printf '\\036'`).join('; ');

/** Counts on each of these nodes. @throws ExecError when one does not answer, or cannot tell */
export async function countNetwork(docker: Docker, nodes: readonly { readonly name: string }[], signal?: AbortSignal): Promise<NetworkCounts[]> {
  return await allDone(nodes.map(async ({ name }) => readCounts(name, (await docker.exec(name, ['sh', '-c', script], { timeoutMs, ...(signal && { signal }) })).stdout)));
}

/** @internal Reads what the commands printed. */
export function readCounts(node: string, output: string): NetworkCounts {
  const parts = output.split(separator);
  const lines = new Map(Object.keys(commands).map((kind, index) => [kind, (parts[index] ?? '').split('\n').filter((line) => line.trim() !== '')]));
  const chains = chainsIn(lines.get('iptables rules') ?? []);
  const counts = Object.fromEntries([...lines].map(([kind, all]) => [kind, all.length]));
  return { node, counts: { ...counts, 'iptables rules': [...chains.values()].reduce((sum, count) => sum + count, 0), 'iptables chains': chains.size }, chains };
}

/** From `iptables-save`: `*nat` begins a table, `:NAME …` is a chain, `-A NAME …` a rule of it. */
function chainsIn(lines: readonly string[]): Map<string, number> {
  const chains = new Map<string, number>();
  let table = '';
  for (const line of lines) {
    if (line.startsWith('*')) table = line.slice(1);
    const [, kind, name] = /^(:|-A )(\S+)/.exec(line) ?? [];
    if (name === undefined) continue;
    const key = `${table} ${name}`;
    chains.set(key, (chains.get(key) ?? 0) + (kind === ':' ? 0 : 1));
  }
  return chains;
}

/** Of what a node has more than before, each as a sentence; of iptables also if another chain has fewer rules. */
export function grown(before: NetworkCounts, after: NetworkCounts): string[] {
  const kinds = Object.entries(after.counts).filter(([kind, count]) => count > (before.counts[kind] ?? 0)).map(([kind, count]) => `${after.node} has ${count} ${kind}, and had ${before.counts[kind] ?? 0}`);
  const chains = [...after.chains].filter(([chain, count]) => count > (before.chains.get(chain) ?? 0)).map(([chain, count]) => `${after.node} has ${count} rules in ${chain}, and had ${before.chains.get(chain) ?? 'no such chain'}`);
  return [...kinds, ...chains];
}

/** Both counts beside each other, a line for each kind. */
export function countsTable(before: readonly NetworkCounts[], after: readonly NetworkCounts[]): string {
  return after.flatMap(({ node, counts }) => {
    const was = before.find((one) => one.node === node)?.counts ?? {};
    return [node, ...Object.entries(counts).map(([kind, count]) => `  ${kind}: ${was[kind] ?? 'not counted'} before, ${count} after`)];
  }).join('\n');
}
