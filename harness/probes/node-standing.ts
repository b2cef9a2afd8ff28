import { describeError } from '../../core/errors.ts';
import { vtepDevice } from '../cluster/flannel.ts';
import type { NodeState } from '../cluster/state.ts';
import type { Docker } from '../docker/docker.ts';
import { sentence } from './happening.ts';
import { describeNodePod, readPods, runningContainers } from './pods-on-node.ts';

/** How a node stands at a moment, by itself. */
export interface NodeStanding {
  readonly node: string;
  readonly tier: string;
  /** Configurations of its network for Pods, in their order: the runtime takes the first. With the time when their folder last changed. */
  readonly cni: { readonly files: readonly string[]; readonly changedAt: number } | undefined;
  /** Services that do not run. */
  readonly down: readonly string[];
  /** Pods of which something does not run, each in words. */
  readonly pods: readonly string[];
  /** Of its disk, in percent. */
  readonly diskUsed: number;
  readonly hasDefaultRoute: boolean;
  readonly hasOverlay: boolean;
}

export type StandingOrNot = NodeStanding | { readonly node: string; readonly tier: string; readonly unread: string };

const cniFolder = '/etc/cni/net.d';
const script = String.raw`
cd ${cniFolder} 2>/dev/null && ls; printf '\036'
stat -c %Z ${cniFolder}; printf '\036'
for unit do [ "$(systemctl is-active "$unit")" = active ] || echo "$unit is $(systemctl is-active "$unit")"; done; systemctl list-units --failed --plain --no-legend | cut -d' ' -f1 | sed 's/$/ has failed/'; printf '\036'
df --output=pcent / | tail -n 1; printf '\036'
ip -4 route show default; printf '\036'
ip -o link show ${vtepDevice} 2>/dev/null; printf '\036'
crictl --timeout 4s pods -o json; printf '\036'
crictl --timeout 4s ps -a -o json`;

/** Asks a node, by one process on it, for what a person would look at first. Throws nothing. @param units services beside the kubelet and containerd, with their suffix */
export async function standingOf(docker: Docker, { name: node, tier }: NodeState, units: readonly string[], timeoutMs: number): Promise<StandingOrNot> {
  try {
    const { stdout } = await docker.exec(node, ['sh', '-c', `{ ${script}\n} 2>/dev/null`, 'sh', 'kubelet.service', 'containerd.service', ...units], { timeoutMs, accept: 'any' });
    return readStanding(node, tier, stdout);
  } catch (error) {
    return { node, tier, unread: describeError(error).split('\n', 1)[0]! };
  }
}

/** @internal */
export function readStanding(node: string, tier: string, stdout: string): StandingOrNot {
  const parts = stdout.split('\u001e');
  if (parts.length < 8) return { node, tier, unread: `it answered with ${parts.length} parts of 8` };
  const [cni = '', changed = '', down = '', disk = '', route = '', overlay = '', sandboxes = '', containers = ''] = parts;
  const lines = (text: string): string[] => text.split('\n').filter((line) => line.trim() !== '');
  const pods = sandboxes.startsWith('{') && containers.startsWith('{') ? readPods(node, JSON.parse(sandboxes) as Parameters<typeof readPods>[1], JSON.parse(containers) as Parameters<typeof readPods>[2]) : [];
  return {
    node, tier,
    cni: changed.trim() === '' ? undefined : { files: lines(cni).filter((file) => /\.(conf|conflist|json)$/.test(file)), changedAt: Number(changed) * 1000 },
    down: [...new Set(lines(down))],
    // A sandbox without any container is of a Pod that is gone, and waits to be thrown away.
    pods: pods.filter((pod) => runningContainers(pod).length === 0 && (pod.sandbox.ready || pod.containers.length > 0)).map((pod) => sentence(describeNodePod(pod))),
    diskUsed: Number.parseInt(disk, 10) || 0, hasDefaultRoute: route.trim() !== '', hasOverlay: overlay.trim() !== '',
  };
}

/** At this, the kubelet begins to evict. */
const diskFull = 85;

export interface StandOutOptions {
  /** Only what is about these nodes is told; all others are there to compare with. */
  readonly about: ReadonlySet<string>;
  /** When the scenario began, in milliseconds since the epoch. */
  readonly since: number;
  /** Whether a Pod, by its namespace, is of somebody else. */
  readonly isForeign?: (namespace: string) => boolean;
}

/** What stands out of how nodes stand, as sentences: what one lacks that the others of its kind have comes first, as nothing else tells of it. */
export function whatStandsOut(all: readonly StandingOrNot[], { about, since, isForeign = () => false }: StandOutOptions): string[] {
  const standings = all.filter(({ node }) => about.has(node));
  const read = standings.filter((one) => 'cni' in one);
  const peersOf = ({ node, tier }: NodeStanding): NodeStanding[] => all.filter((one) => 'cni' in one && one.node !== node && one.tier === tier) as NodeStanding[];
  return [
    ...standings.flatMap((one) => ('unread' in one ? [`${one.node} does not answer: ${one.unread}`] : [])),
    ...read.flatMap((one) => oddNetwork(one, peersOf(one), since)),
    ...read.flatMap(({ node, down, pods, diskUsed, hasDefaultRoute, hasOverlay }) => [
      ...down.map((unit) => `On ${node}, ${unit}.`),
      ...(hasOverlay ? [] : [`${node} has no flannel.1: its Pods reach no other node.`]),
      ...(hasDefaultRoute ? [] : [`${node} has no default route.`]),
      ...(diskUsed >= diskFull ? [`The disk of ${node} is full to ${diskUsed} %.`] : []),
      ...pods.filter((pod) => !isForeign(pod.split('/', 1)[0]!)).map((pod) => `On ${node}, ${pod}.`),
    ]),
  ];
}

function oddNetwork({ node, cni }: NodeStanding, peers: readonly NodeStanding[], since: number): string[] {
  if (cni === undefined) return [`${node} has no folder ${cniFolder}, so its runtime knows no network for Pods.`];
  const seconds = Math.round((cni.changedAt - since) / 1000);
  const when = `the folder last changed at ${new Date(cni.changedAt).toISOString().slice(11, 19)} UTC, ${Math.abs(seconds)} s ${seconds < 0 ? 'before' : 'after'} the scenario began`;
  if (cni.files.length === 0) return [`${node} has no CNI configuration in ${cniFolder}, so it can make no sandbox (${when}).`];
  const common = peers.length === 0 ? [] : [...new Set(peers.flatMap((peer) => peer.cni?.files ?? []))].filter((file) => peers.every((peer) => peer.cni?.files.includes(file)));
  return common.filter((file) => !cni.files.includes(file)).map((file) => {
    // The first by name is the one that counts.
    const leads = file < cni.files[0]! ? ` It would be the first there, the one that the runtime takes; now that is ${cni.files[0]}.` : '';
    return `${node} lacks ${cniFolder}/${file}, which ${peers.map((peer) => peer.node).join(' and ')} ${peers.length === 1 ? 'has' : 'have'}: Pods made here now are given their network otherwise than there.${leads} (${when[0]!.toUpperCase()}${when.slice(1)}.)`;
  });
}
