import { CannotTellError } from '../../core/errors.ts';
import { waitFor } from '../../core/wait.ts';
import type { TunnelParts } from '../../harness/cluster/state.ts';
import { isReady, type KubeObject, type KubePod } from '../../harness/kube/objects.ts';
import { podsRunningOn, type NodePod } from '../../harness/probes/pods-on-node.ts';
import type { EdgeWorld } from './world.ts';

/** Where the graded tunnel runs. @throws CannotTellError `TUNNEL_UNKNOWN` when its implementation does not say */
export function partsOf(world: EdgeWorld): TunnelParts {
  if (world.cluster.tunnel === undefined) {
    throw new CannotTellError('TUNNEL_UNKNOWN', `${world.cluster.implementation} does not say where its tunnel runs`, { next: 'declare `tunnel` in its implementation.ts: docs/implementations.md' });
  }
  return world.cluster.tunnel;
}

/** All Pods of one part that there are in the API. */
async function allPodsOf(world: EdgeWorld, part: 'server' | 'agent'): Promise<KubePod[]> {
  const parts = partsOf(world);
  const { spec } = await world.kube.get<KubeObject & { spec: { selector: { matchLabels: Record<string, string> } } }>('apps/v1', kinds[part], parts[part], { namespace: parts.namespace, signal: world.signal });
  const labelSelector = Object.entries(spec.selector.matchLabels).map(([key, value]) => `${key}=${value}`).join(',');
  return await world.kube.list<KubePod>('v1', 'Pod', { namespace: parts.namespace, labelSelector, signal: world.signal });
}

const kinds = { server: 'Deployment', agent: 'DaemonSet' } as const;

/** The node of a Pod. @throws CannotTellError `POD_NOT_PLACED` for one that waits for a node */
export function nodeOf({ metadata: { name, namespace }, spec: { nodeName } }: KubePod): string {
  if (nodeName !== undefined && nodeName !== '') return nodeName;
  throw new CannotTellError('POD_NOT_PLACED', `Pod ${namespace}/${name} has no node, so there is nowhere to look for it`, { next: `see what kubectl describe pod --namespace ${namespace} ${name} says` });
}

/** The Ready Pods of one part. @throws CannotTellError when there is none */
export async function podsOf(world: EdgeWorld, part: 'server' | 'agent'): Promise<KubePod[]> {
  const ready = (await allPodsOf(world, part)).filter((pod) => isReady(pod) && pod.metadata.deletionTimestamp === undefined);
  if (ready.length === 0) throw new CannotTellError('TUNNEL_UNKNOWN', `${kinds[part]} ${partsOf(world)[part]} has no Ready Pod`);
  return ready;
}

/** The Ready tunnel agent of a node. @throws CannotTellError `TUNNEL_UNKNOWN` when there is none: what is done to it would be done to nobody */
export async function agentOn(world: EdgeWorld, node: string): Promise<KubePod> {
  const agent = (await podsOf(world, 'agent')).find(({ spec }) => spec.nodeName === node);
  if (agent === undefined) throw new CannotTellError('TUNNEL_UNKNOWN', `no tunnel agent is Ready on ${node}`);
  return agent;
}

/** The Pod of one part, maybe of a certain name, that runs on a node, by the node itself: whether it is Ready is not asked. @throws CannotTellError `TUNNEL_UNKNOWN` when none runs */
export async function partOnNode(world: EdgeWorld, part: 'server' | 'agent', node: string, name?: string): Promise<NodePod> {
  const uids = new Set((await allPodsOf(world, part)).map(({ metadata }) => metadata.uid));
  const pod = (await podsRunningOn(world.docker, node, world.signal)).find((one) => uids.has(one.uid) && (name === undefined || one.name === name));
  if (pod === undefined) throw new CannotTellError('TUNNEL_UNKNOWN', `no Pod of ${kinds[part]} ${partsOf(world)[part]} runs on ${node}`);
  return pod;
}

/** A Pod of the tunnel in the place of one that was deleted. */
export interface Successor {
  readonly part: 'server' | 'agent';
  readonly pod: string;
  /** When its containers all ran, in milliseconds since the epoch; its node tells whole seconds, rounded down. */
  readonly startedAt: number;
}

/** When the last of a Pod's containers started, in milliseconds since the epoch; undefined when they do not all run. */
export function runsSince({ spec, status }: KubePod): number | undefined {
  const starts = (status.containerStatuses ?? []).flatMap(({ state }) => (state?.running?.startedAt === undefined ? [] : [Date.parse(state.running.startedAt)]));
  return starts.length === spec.containers.length ? Math.max(...starts) : undefined;
}

const successorMs = 60_000;

/** Deletes a Pod of the tunnel with a second's grace, and waits until another one runs in its place. */
export async function replacePod(world: EdgeWorld, part: 'server' | 'agent', victim: KubePod): Promise<Successor> {
  const node = nodeOf(victim);
  world.demandAlone(`the end of tunnel ${part} ${victim.metadata.name}`);
  const before = new Set((await allPodsOf(world, part)).map(({ metadata }) => metadata.uid));
  await world.kube.delete('v1', 'Pod', victim.metadata.name, { namespace: partsOf(world).namespace, graceSeconds: 1, signal: world.signal });
  return await waitFor(`a successor of ${victim.metadata.name}`, async () => {
    const fresh = (await allPodsOf(world, part)).filter(({ metadata, spec }) => !before.has(metadata.uid) && (part === 'server' || spec.nodeName === node));
    for (const pod of fresh) {
      const startedAt = runsSince(pod);
      if (startedAt !== undefined) return { done: { part, pod: pod.metadata.name, startedAt } };
    }
    return { missing: fresh.length === 0 ? 'there is none yet' : `${fresh.map(({ metadata }) => metadata.name).join(', ')} does not run yet` };
  }, { timeoutMs: successorMs, everyMs: 100, signal: world.signal });
}

/**
 * The containers of the tunnel that run in the scenario's part of the cluster, as their nodes say: `CONTAINER of POD on NODE` → its id, another one after each restart. The
 * API says which Pods there are; whether they are Ready it may not have heard yet.
 *
 * @param which `staying` leaves out Pods that are being removed: a server that an earlier scenario replaced drains for minutes, and ends when it will
 */
export async function containersOf(world: EdgeWorld, which: 'all' | 'staying'): Promise<Map<string, string>> {
  const mine = new Set(world.cluster.nodes.map(({ name }) => name));
  const known = (await Promise.all([allPodsOf(world, 'server'), allPodsOf(world, 'agent')])).flat().filter(({ spec }) => spec.nodeName === undefined || mine.has(spec.nodeName));
  const pods = known.filter(({ metadata }) => which === 'all' || metadata.deletionTimestamp === undefined);
  const uids = new Set(pods.map(({ metadata }) => metadata.uid));
  // One that waits for a node has no containers yet.
  const nodes = [...new Set(pods.flatMap(({ spec: { nodeName } }) => (nodeName === undefined ? [] : [nodeName])))];
  const there = (await Promise.all(nodes.map(async (node) => await podsRunningOn(world.docker, node, world.signal)))).flat();
  return new Map(there.filter(({ uid }) => uids.has(uid)).flatMap(({ name, node, containers }) => containers.filter(({ running }) => running).map((container) => [`${container.name} of ${name} on ${node}`, container.id] as const)));
}
