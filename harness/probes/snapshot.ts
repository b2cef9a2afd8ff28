import { waitFor } from '../../core/wait.ts';
import type { Docker } from '../docker/docker.ts';
import type { KubeClient } from '../kube/client.ts';
import type { KubeObject, KubePod } from '../kube/objects.ts';
import { describeNodePod, isRunning, podsOn, runningContainers, type NodePod } from './pods-on-node.ts';

/** What a node ran at one moment, and what the cloud knew of it: the thing to compare with afterwards. */
export interface NodeSnapshot {
  readonly node: string;
  readonly takenAt: string;
  /** The Pods that the cloud wants on the node, as the node ran them. */
  readonly pods: readonly NodePod[];
}

/**
 * The Pods that the cloud wants on a node: scheduled to it, and not being removed. A namespace's removal marks it at
 * once and its Pods only later, so a Pod of an earlier scenario may still look as if it were to stay.
 */
export async function podsScheduledTo(kube: KubeClient, node: string, signal?: AbortSignal): Promise<KubePod[]> {
  const call = signal === undefined ? {} : { signal };
  const [pods, namespaces] = await Promise.all([
    kube.list<KubePod>('v1', 'Pod', { fieldSelector: `spec.nodeName=${node}`, ...call }),
    kube.list<KubeObject>('v1', 'Namespace', call),
  ]);
  const leaving = new Set(namespaces.filter(({ metadata }) => metadata.deletionTimestamp !== undefined).map(({ metadata }) => metadata.name));
  return pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined && !leaving.has(metadata.namespace ?? ''));
}

/**
 * Waits until a node runs all that is scheduled to it, and remembers that. Leftovers of earlier work that are being
 * removed are not part of it.
 *
 * @param namespace only its Pods: others come and go meanwhile, and say nothing. Default: all.
 * @throws WaitTimeoutError naming the Pods that do not run.
 */
export async function takeSnapshot(kube: KubeClient, docker: Docker, node: string, { signal, namespace }: { readonly signal?: AbortSignal; readonly namespace?: string } = {}): Promise<NodeSnapshot> {
  const pods = await waitFor(`all Pods scheduled to ${node} running on it`, async (lookSignal) => {
    const [wanted, there] = await Promise.all([podsScheduledTo(kube, node, lookSignal), podsOn(docker, node, lookSignal)]);
    const missing: string[] = [];
    const found: NodePod[] = [];
    for (const pod of wanted.filter(({ metadata }) => namespace === undefined || metadata.namespace === namespace)) {
      const mine = there.find(({ uid }) => uid === uidOnNode(pod));
      if (mine !== undefined && isRunning(mine, pod.spec.containers.map(({ name }) => name))) found.push(mine);
      else missing.push(mine === undefined ? `${pod.metadata.namespace}/${pod.metadata.name}: not on the node` : describeNodePod(mine));
    }
    return missing.length === 0 ? { done: found } : { missing: missing.join('; ') };
  }, { timeoutMs: 20_000, ...(signal && { signal }) });
  return { node, takenAt: new Date().toISOString(), pods };
}

/** A static Pod's UID in the API is that of its mirror; on the node it is the hash of its manifest. */
export const uidOnNode = (pod: KubePod): string => pod.metadata.annotations?.['kubernetes.io/config.hash'] ?? pod.metadata.uid ?? '';

/** The Pods of a snapshot that do not run all that they ran, each with its state now. */
export function notRunningAgain(before: NodeSnapshot, now: readonly NodePod[]): string[] {
  return before.pods.flatMap((pod) => {
    const same = now.find(({ uid }) => uid === pod.uid);
    if (same === undefined) return [`${pod.namespace}/${pod.name}: gone from the node`];
    return isRunning(same, runningContainers(pod)) ? [] : [describeNodePod(same)];
  });
}

/** The containers of a snapshot that another has taken the place of, or none. */
export function containersReplaced(before: NodeSnapshot, now: readonly NodePod[]): string[] {
  return before.pods.flatMap((pod) => {
    const same = now.find(({ uid }) => uid === pod.uid);
    const gone = pod.containers.filter(({ id, running }) => running && !same?.containers.some((one) => one.id === id && one.running));
    return gone.map(({ name }) => `${pod.namespace}/${pod.name}: container ${name} of ${before.takenAt} does not run any more`);
  });
}
