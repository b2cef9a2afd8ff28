import { CannotTellError } from '../../core/errors.ts';
import { nodesOfSite, type NodeState } from '../../harness/cluster/state.ts';
import type { KubeNode } from '../../harness/kube/objects.ts';
import { identityOf, overlayAddressOf, vtepMac, type NodeIdentity, type PeerView, type PodIdentity } from '../../harness/probes/identity.ts';
import { podsRunningOn, type NodePod } from '../../harness/probes/pods-on-node.ts';
import { takeSnapshot } from '../../harness/probes/snapshot.ts';
import type { EdgeWorld } from './world.ts';

/** A node of a site, who it is on the overlay, and where others send frames for it. */
export interface SiteNode extends NodeIdentity {
  readonly address: string;
  /** Of its flannel.1: the first of its podCIDR. */
  readonly overlayAddress: string;
}

/** Who is who in a site, read on its nodes. */
export interface SiteIdentity {
  readonly pods: readonly PodIdentity[];
  readonly nodes: readonly SiteNode[];
}

/** Looks at a node are processes on it, and the machine may have two cores. */
const looksAtOnce = 4;

/** The identities of Pods, each from its own interface. @throws CannotTellError `POD_ADDRESS_UNCLEAR`; ExecError */
async function identitiesOf(world: EdgeWorld, pods: readonly NodePod[]): Promise<PodIdentity[]> {
  const found: PodIdentity[] = [];
  const waiting = [...pods];
  const worker = async (): Promise<void> => {
    for (let pod = waiting.shift(); pod !== undefined; pod = waiting.shift()) found.push(await identityOf(world.docker, pod, world.signal));
  };
  await Promise.all(Array.from({ length: looksAtOnce }, worker));
  return found.toSorted((a, b) => a.node.localeCompare(b.node) || a.namespace.localeCompare(b.namespace) || a.name.localeCompare(b.name));
}

/** Of a site that runs all that is scheduled to it. @throws CannotTellError `NO_VTEP`, `POD_ADDRESS_UNCLEAR`; WaitTimeoutError */
export async function readSite(world: EdgeWorld): Promise<SiteIdentity> {
  const nodes = nodesOfSite(world.cluster, world.roles.site);
  const snapshots = await Promise.all(nodes.map(async ({ name }) => await takeSnapshot(world.kube, world.docker, name, { signal: world.signal })));
  return { pods: await identitiesOf(world, snapshots.flatMap(({ pods }) => pods)), nodes: await Promise.all(nodes.map(async (node) => await readNode(world, node))) };
}

async function readNode({ docker, kube, signal }: EdgeWorld, { name, address }: NodeState): Promise<SiteNode> {
  const [mac, { spec }] = await Promise.all([vtepMac(docker, name, signal), kube.get<KubeNode>('v1', 'Node', name, { signal })]);
  if (mac === undefined || spec.podCIDR === undefined) throw new CannotTellError('NO_VTEP', `${name} has no flannel.1 or no podCIDR before anything is done`);
  return { kind: 'node', name, vtepMac: mac, address, overlayAddress: overlayAddressOf(spec.podCIDR) };
}

/** Who runs in the site now, whatever the cloud believes. @throws as `readSite`, but waits for nothing */
export async function podsInSite(world: EdgeWorld): Promise<{ readonly seen: NodePod[]; readonly who: PodIdentity[] }> {
  const seen = (await Promise.all(nodesOfSite(world.cluster, world.roles.site).map(async ({ name }) => await podsRunningOn(world.docker, name, world.signal)))).flat();
  return { seen, who: await identitiesOf(world, seen) };
}

/** A Pod with another address than before, or with none, in words. */
export function movedPods(before: readonly PodIdentity[], now: readonly PodIdentity[]): string[] {
  return before.flatMap((was) => {
    const is = now.find(({ uid }) => uid === was.uid);
    const who = `${was.namespace}/${was.name} on ${was.node}`;
    if (is === undefined) return [`${who} had ${was.ip} and does not run`];
    return is.ip === was.ip ? [] : [`${who} had ${was.ip} and has ${is.ip}`];
  });
}

/** What is wrong with what a neighbour has for a node's VTEP, in words; undefined when nothing is. */
export function wrongView({ peer, forwards, neighbour }: PeerView, { name, vtepMac: mac, address, overlayAddress }: SiteNode): string | undefined {
  if (neighbour === mac && forwards.length > 0 && forwards.every((one) => one === mac)) return undefined;
  return `${peer} sends frames for ${forwards.join(', ') || 'no MAC'} to ${address} of ${name} and has ${neighbour ?? 'no MAC'} for ${overlayAddress}`;
}
