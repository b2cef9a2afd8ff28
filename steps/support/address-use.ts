import { CannotTellError, PromiseBroken } from '../../core/errors.ts';
import { waitFor } from '../../core/wait.ts';
import type { KubeNode } from '../../harness/kube/objects.ts';
import { lookAtNode, type SandboxLook } from '../../harness/probes/identity-look.ts';
import type { NetworkCounts } from '../../harness/probes/network-counts.ts';
import { podsScheduledTo } from '../../harness/probes/snapshot.ts';
import { parseCidr } from '../../topologies/cidr.ts';
import type { EdgeWorld } from './world.ts';

/** A Pod of a scenario that has, had, or waits for an address of the edge node. */
export interface RangePod {
  readonly name: string;
  readonly uid: string;
}

/** What a scenario has done with the addresses of the edge node. */
export class AddressUse {
  /** Pods that were made to take all that were left. */
  readonly fillers: RangePod[] = [];
  /** How many Pods were made for which none was left. */
  more = 0;
  /** The last of those, until it has one. */
  waiting: RangePod | undefined;
  /** The address that somebody has given up since. */
  freed: string | undefined;
  /** Of all nodes, before anything was broken. */
  counts: readonly NetworkCounts[] = [];
}

/** An IPv4 address as a number. */
const numberOf = (address: string): number => address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);

/** @throws CannotTellError `NO_POD_CIDR` */
function rangeOf(podCidr: string | undefined): { readonly base: number; readonly size: number } {
  const cidr = parseCidr(podCidr ?? '');
  if (typeof cidr === 'string') throw new CannotTellError('NO_POD_CIDR', `the edge node has no podCIDR: ${cidr}`);
  return { base: cidr.base, size: 2 ** (32 - cidr.prefix) };
}

/** How many Pods a range has addresses for: all but the network's own, the broadcast's and the gateway's. */
export const roomIn = (podCidr: string): number => rangeOf(podCidr).size - 3;

/** The sandboxes with an address of a range, by it. @throws PromiseBroken `ADDRESS_SHARED` when two have one; CannotTellError when the address of one could not be read */
export function holdersIn(podCidr: string, sandboxes: readonly SandboxLook[]): Map<string, SandboxLook> {
  const { base, size } = rangeOf(podCidr);
  const holders = new Map<string, SandboxLook>();
  for (const sandbox of sandboxes) {
    const { address, namespace, name } = sandbox;
    if (address !== null && typeof address === 'object') throw new CannotTellError('ADDRESS_UNREAD', `the address of ${namespace}/${name} cannot be read: ${address.unread}`);
    if (address === null || numberOf(address) < base || numberOf(address) >= base + size) continue;
    const other = holders.get(address);
    if (other !== undefined) throw new PromiseBroken('ADDRESS_SHARED', `${address} is the address of ${other.namespace}/${other.name} and of ${namespace}/${name}, each by its own interface`);
    holders.set(address, sandbox);
  }
  return holders;
}

export interface HeldOnNode {
  readonly podCidr: string;
  /** Who has which address, by the Pods' own interfaces. */
  readonly holders: ReadonlyMap<string, SandboxLook>;
}

/** Who has which address of the edge node's range, as the interfaces in the Pods have them. @throws as `holdersIn`; CannotTellError when the node does not answer */
export async function heldOnEdgeNode(world: EdgeWorld, signal: AbortSignal = world.signal): Promise<HeldOnNode> {
  const { name } = world.roles.edgeNode;
  const [{ spec }, look] = await Promise.all([world.kube.get<KubeNode>('v1', 'Node', name, { signal }), lookAtNode(world.docker, name, { signal })]);
  const sandboxes = 'unread' in look ? look : look.sandboxes;
  if ('unread' in sandboxes) throw new CannotTellError('NODE_UNREAD', `${name} does not tell who has which address: ${sandboxes.unread}`);
  return { podCidr: spec.podCIDR ?? '', holders: holdersIn(spec.podCIDR ?? '', sandboxes) };
}

/** The address of a Pod among those that have one. */
export const addressOf = ({ holders }: HeldOnNode, uid: string): string | undefined => [...holders].find(([, sandbox]) => sandbox.uid === uid)?.[0];

/** Of a Pod that is being removed: its sandbox. Milliseconds. */
const endedMs = 60_000;

/** Waits until no Pod of an earlier scenario has an address of the edge node any more: what is counted then is of those that are to be there. @throws WaitTimeoutError */
export async function onlyWantedPods(world: EdgeWorld): Promise<HeldOnNode> {
  return await waitFor('Pods of earlier scenarios giving up their addresses', async (signal) => {
    const [held, wanted] = await Promise.all([heldOnEdgeNode(world, signal), podsScheduledTo(world.kube, world.roles.edgeNode.name, signal)]);
    const ending = [...held.holders.values()].filter(({ uid }) => !wanted.some((pod) => pod.metadata.uid === uid));
    return ending.length === 0 ? { done: held } : { missing: `${ending.map(({ namespace, name }) => `${namespace}/${name}`).join(', ')} still there` };
  }, { timeoutMs: endedMs, signal: world.signal });
}
