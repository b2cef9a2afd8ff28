import { CannotTellError, UsageError } from '../../core/errors.ts';
import type { ClusterState, NodeState } from '../../harness/cluster/state.ts';
import { dialFrom, pingFrom } from '../../harness/probes/dial.ts';
import { wayProbes, type ReachProbe } from '../../harness/probes/reach-plan.ts';
import { areApart, setApart } from '../../harness/wan/apart.ts';
import { type Fault, type FaultContext } from '../fault.ts';
import { nodesOf, type Target } from '../target.ts';
import { vtepDevice } from '../../harness/cluster/flannel.ts';

type Two = readonly [NodeState, NodeState];

const kubelet = 10_250;
const timeoutMs = 10_000;

/** What a node sees of others: `peer's kubelet: answers`. */
interface Sight {
  readonly what: string;
  readonly seen: string;
  readonly detail: string;
}

/**
 * Nothing passes between two nodes, of one site or any that reach each other: not their own packets, not those of the overlay between their
 * Pods. Each still reaches all others, and each is reached by them.
 */
export function nodePartition(target: Target): Pick<Fault, 'inject' | 'verify' | 'heal'> {
  if (target.type !== 'node') throw new TypeError(`not nodes: ${target.type}`);
  if (target.nodes.length !== 2 || target.nodes[0] === target.nodes[1]) {
    throw new UsageError(`a partition is between two nodes, and "${target.nodes.join(',')}" is not two`, { next: 'name its target as "node NAME,NAME"' });
  }
  const two = (cluster: ClusterState): Two => nodesOf(target, cluster) as unknown as Two;
  /** What each reached besides the other before it was cut off from it. */
  const before = new Map<string, readonly string[]>();
  return {
    inject: async (ctx) => {
      const pair = two(ctx.cluster);
      if (!(await areApart(ctx.docker, ctx.cluster, pair, ctx.signal))) {
        for (const [node, other] of bothWays(pair)) {
          const unseen = (await sightOf(ctx, node, other)).filter(({ seen }) => !reached(seen));
          if (unseen.length > 0) throw new CannotTellError('FAULT_NO_VICTIM', `${node.name} and ${other.name} do not reach each other anyway: ${node.name} ${describe(unseen)}`);
          before.set(node.name, await reachedBy(ctx, node, other));
        }
      }
      const struckAt = new Date();
      await setApart(ctx.docker, ctx.cluster, pair, true, ctx.signal);
      return struckAt;
    },
    verify: async (ctx) => (await Promise.all(bothWays(two(ctx.cluster)).map(async ([node, other]) => {
      const [sight, witnesses] = await Promise.all([sightOf(ctx, node, other), reachedBy(ctx, node, other)]);
      const heard = sight.filter(({ seen }) => seen !== 'nothing');
      if (heard.length > 0) throw new CannotTellError('FAULT_NOT_SEEN', `${node.name} and ${other.name} are apart, yet ${node.name} ${describe(heard)}`);
      const lost = (before.get(node.name) ?? []).filter((one) => !witnesses.includes(one));
      if (lost.length > 0) throw new CannotTellError('FAULT_NOT_SEEN', `${node.name} was to be cut off from ${other.name} alone, and lost ${lost.join(', ')} too`);
      if (witnesses.length === 0) throw new CannotTellError('FAULT_NOT_SEEN', `${node.name} reaches nobody at all: that is no partition between two`);
      return `${node.name} hears nothing of ${other.name} (${sight.map(({ what }) => what).join(', ')}), and reaches ${witnesses.join(', ')}`;
    }))).join('; '),
    heal: async (ctx) => await setApart(ctx.docker, ctx.cluster, two(ctx.cluster), false, ctx.signal),
  };
}

const bothWays = ([a, b]: Two): Two[] => [[a, b], [b, a]];
const reached = (seen: string): boolean => seen === 'answers' || seen === 'refused';
const describe = (sights: readonly Sight[]): string => sights.map(({ what, seen, detail }) => `saw ${seen} at ${what}${detail === '' ? '' : ` (${detail})`}`).join('; ');

const probe = (from: NodeState, to: string, address: string, port: ReachProbe['port']): ReachProbe => ({ about: 'within-site', from: from.name, to, address, port, expected: 'reached' });

/** What a node sees of another: its kubelet, itself, and its end of the overlay if it has one. */
async function sightOf({ docker, signal }: FaultContext, from: NodeState, to: NodeState): Promise<Sight[]> {
  const overlay = await overlayAddressOn(docker, to.name, signal);
  const dials = [probe(from, 'kubelet', to.address, kubelet)];
  const pings = [probe(from, 'ping', to.address, 'icmp'), ...(overlay === undefined ? [] : [probe(from, 'ping over the overlay', overlay, 'icmp')])];
  const [dialled, pinged] = await Promise.all([dialFrom(docker, from.name, dials, 0, signal), pingFrom(docker, from.name, pings, signal)]);
  return [...dials, ...pings].map((one, index) => ({ what: one.to, ...[...dialled, ...pinged][index]! }));
}

/** Of a node's VTEP; undefined when it has none. */
async function overlayAddressOn(docker: FaultContext['docker'], node: string, signal: AbortSignal): Promise<string | undefined> {
  const { stdout } = await docker.exec(node, ['ip', '-j', '-4', 'address', 'show'], { timeoutMs, signal });
  const device = (JSON.parse(stdout) as { ifname?: string; addr_info?: { local?: string }[] }[]).find(({ ifname }) => ifname === vtepDevice);
  return device?.addr_info?.[0]?.local;
}

/** Whom a node reaches besides another: the other nodes of its site or of the cloud, the cloud over its WAN, and its way out to the world. */
async function reachedBy({ cluster, docker, signal }: FaultContext, node: NodeState, besides: NodeState): Promise<string[]> {
  const near = cluster.nodes.filter((one) => one.tier === node.tier && one.site === node.site && one.name !== node.name && one.name !== besides.name);
  const dials = [
    ...near.map((one) => probe(node, `the kubelet of ${one.name}`, one.address, kubelet)),
    ...(node.tier === 'edge' ? wayProbes(cluster, node, 'answers').map((one) => ({ ...one, to: 'the API server over the WAN' })) : []),
  ];
  const { stdout } = await docker.exec(node.name, ['ip', '-j', '-4', 'route', 'show', 'default'], { timeoutMs, signal });
  const pings = (JSON.parse(stdout || '[]') as { gateway?: string }[]).flatMap(({ gateway }) => (gateway === undefined ? [] : [probe(node, 'its gateway', gateway, 'icmp')]));
  const [dialled, pinged] = await Promise.all([dialFrom(docker, node.name, dials, 0, signal), pingFrom(docker, node.name, pings, signal)]);
  // Of the API server the WAN may refuse in its place: only an answer is one.
  return [...dials, ...pings].filter(({ expected }, index) => {
    const { seen } = [...dialled, ...pinged][index]!;
    return expected === 'answers' ? seen === 'answers' : reached(seen);
  }).map(({ to }) => to);
}
