import { CannotTellError } from '../../core/errors.ts';
import { vtepDevice } from '../cluster/flannel.ts';
import type { Docker } from '../docker/docker.ts';
import type { KubeClient } from '../kube/client.ts';
import type { KubeNode } from '../kube/objects.ts';
import { podsOn, type NodePod } from './pods-on-node.ts';

/** Who a Pod is: its name, its UID and the address it really has. */
export interface PodIdentity {
  readonly kind: 'pod';
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly node: string;
  /** IPv4 address on its own interface; on the host's network, the node's. */
  readonly ip: string;
}

/** Who a node is on the overlay: the MAC of its flannel.1, lower case. */
export interface NodeIdentity {
  readonly kind: 'node';
  readonly name: string;
  readonly vtepMac: string;
}

export type Identity = PodIdentity | NodeIdentity;

interface SandboxInspection {
  status: { network?: { ip?: string }; linux?: { namespaces?: { options?: { network?: string } } } };
  info: { pid: number };
}

interface LinkAddresses {
  ifname: string;
  addr_info?: { family: string; local: string; scope: string }[];
}

const nodeCommandTimeoutMs = 10_000;

/**
 * A Pod's identity, read on its node: its address as the container runtime has it, and as the interface in its network
 * namespace has it. They must agree.
 *
 * @throws CannotTellError `POD_NOT_ON_NODE`, `POD_ADDRESS_UNCLEAR`; ExecError when the node does not answer.
 */
export async function podIdentity(docker: Docker, node: string, uid: string, signal?: AbortSignal): Promise<PodIdentity> {
  const pod = (await podsOn(docker, node, signal)).find((one) => one.uid === uid);
  if (pod === undefined) throw new CannotTellError('POD_NOT_ON_NODE', `${node} has no sandbox of a Pod with UID ${uid}`);
  return await identityOf(docker, pod, signal);
}

/** Like `podIdentity`, for a Pod that `podsOn` found. */
export async function identityOf(docker: Docker, pod: NodePod, signal?: AbortSignal): Promise<PodIdentity> {
  const options = { timeoutMs: nodeCommandTimeoutMs, ...(signal && { signal }) };
  const { namespace, name, uid, node } = pod;
  const inspected = JSON.parse((await docker.exec(node, ['crictl', 'inspectp', '-o', 'json', pod.sandbox.id], options)).stdout) as SandboxInspection;
  const said = inspected.status.network?.ip ?? '';
  if (inspected.status.linux?.namespaces?.options?.network === 'NODE') {
    // No namespace of its own, so nothing of its own to read: its address is the node's.
    return { kind: 'pod', namespace, name, uid, node, ip: said || (await globalAddress(docker, node, [], options)) };
  }
  const seen = await globalAddress(docker, node, ['nsenter', '-t', String(inspected.info.pid), '-n'], options);
  if (said !== seen) {
    throw new CannotTellError('POD_ADDRESS_UNCLEAR', `${namespace}/${name} on ${node}: containerd says ${said || 'no address'}, its interface has ${seen || 'none'}`);
  }
  return { kind: 'pod', namespace, name, uid, node, ip: seen };
}

async function globalAddress(docker: Docker, node: string, prefix: readonly string[], options: { timeoutMs: number }): Promise<string> {
  const { stdout } = await docker.exec(node, [...prefix, 'ip', '-j', 'addr', 'show', 'dev', 'eth0'], options);
  const [link] = JSON.parse(stdout) as LinkAddresses[];
  return link?.addr_info?.find(({ family, scope }) => family === 'inet' && scope === 'global')?.local ?? '';
}

/** The MAC of a node's flannel.1, or undefined when it has no such interface. @throws ExecError when the node does not answer. */
export async function vtepMac(docker: Docker, node: string, signal?: AbortSignal): Promise<string | undefined> {
  const options = { timeoutMs: nodeCommandTimeoutMs, ...(signal && { signal }) };
  const { stdout } = await docker.exec(node, ['ip', '-j', 'link', 'show'], options);
  const links = JSON.parse(stdout) as { ifname?: string; address?: string }[];
  return links.find(({ ifname }) => ifname === vtepDevice)?.address?.toLowerCase();
}

/** True when flannel on a node has set up the overlay: without this file the CNI plugin refuses every new Pod. */
export async function hasOverlay(docker: Docker, node: string, signal?: AbortSignal): Promise<boolean> {
  const { code } = await docker.exec(node, ['test', '-s', '/run/flannel/subnet.env'], { timeoutMs: nodeCommandTimeoutMs, accept: [0, 1], ...(signal && { signal }) });
  return code === 0;
}

/** The MAC that a node's annotation gives to the rest of the cluster, or undefined when there is none. @throws KubeError */
export const annotatedVtepMac = async (kube: KubeClient, node: string, signal?: AbortSignal): Promise<string | undefined> =>
  macInAnnotation(await kube.get<KubeNode>('v1', 'Node', node, signal === undefined ? {} : { signal }));

/** The same, of a Node that was read. */
export function macInAnnotation({ metadata: { annotations } }: KubeNode): string | undefined {
  const data = annotations?.['flannel.alpha.coreos.com/backend-data'];
  return data === undefined ? undefined : (JSON.parse(data) as { VtepMAC?: string }).VtepMAC?.toLowerCase();
}

/** What a node would do with a packet for the VTEP of another: the MACs it would put on the frame, and where it would send it. */
export interface PeerView {
  readonly peer: string;
  /** MACs whose frames this node sends to the other's address (forwarding database of flannel.1). */
  readonly forwards: readonly string[];
  /** The MAC it has for the other's overlay gateway (neighbour table of flannel.1). */
  readonly neighbour: string | undefined;
}

/**
 * What `peer` knows of the VTEP of another node.
 *
 * @param target address of the other node, and the first address of its podCIDR (its flannel.1's own).
 * @throws ExecError when the peer does not answer or has no flannel.1.
 */
export async function peerView(docker: Docker, peer: string, target: { readonly address: string; readonly overlayAddress: string }, signal?: AbortSignal): Promise<PeerView> {
  const options = { timeoutMs: nodeCommandTimeoutMs, ...(signal && { signal }) };
  const [fdb, neighbours] = await Promise.all([
    docker.exec(peer, ['bridge', '-j', 'fdb', 'show', 'dev', vtepDevice], options),
    docker.exec(peer, ['ip', '-j', 'neigh', 'show', 'dev', vtepDevice], options),
  ]);
  return {
    peer,
    forwards: (JSON.parse(fdb.stdout) as { mac: string; dst?: string }[]).filter(({ dst }) => dst === target.address).map(({ mac }) => mac.toLowerCase()),
    neighbour: (JSON.parse(neighbours.stdout) as { dst: string; lladdr?: string }[]).find(({ dst }) => dst === target.overlayAddress)?.lladdr?.toLowerCase(),
  };
}

/**
 * Gateways of a node's routes over the overlay that it has no MAC for: it reaches nobody behind them.
 *
 * @throws ExecError when the node does not answer or has no flannel.1.
 */
export async function unresolvedGateways(docker: Docker, node: string, signal?: AbortSignal): Promise<string[]> {
  const options = { timeoutMs: nodeCommandTimeoutMs, ...(signal && { signal }) };
  const [routes, neighbours] = await Promise.all([
    docker.exec(node, ['ip', '-j', '-4', 'route', 'show', 'dev', vtepDevice], options),
    docker.exec(node, ['ip', '-j', '-4', 'neigh', 'show', 'dev', vtepDevice, 'nud', 'permanent'], options),
  ]);
  const known = (JSON.parse(neighbours.stdout || '[]') as { dst: string; lladdr?: string }[]).filter(({ lladdr }) => lladdr !== undefined).map(({ dst }) => dst);
  return (JSON.parse(routes.stdout || '[]') as { gateway?: string }[]).flatMap(({ gateway }) => gateway ?? []).filter((gateway) => !known.includes(gateway));
}

/** `10.244.3.0` of `10.244.3.0/24`: flannel gives it to the node's flannel.1. */
export const overlayAddressOf = (podCidr: string): string => podCidr.split('/')[0] ?? podCidr;
