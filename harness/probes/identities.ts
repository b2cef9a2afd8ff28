import { describeError } from '../../core/errors.ts';
import type { NodeState } from '../cluster/state.ts';
import type { Docker } from '../docker/docker.ts';
import type { KubeClient } from '../kube/client.ts';
import type { KubeNode, KubeObject, KubePod } from '../kube/objects.ts';
import { macInAnnotation } from './identity.ts';
import { lookAtNode, type NodeLook, type Unread } from './identity-look.ts';
import { uidOnNode } from './snapshot.ts';

/** A Pod as the API has it. */
export interface ApiPod {
  readonly namespace: string;
  readonly name: string;
  /** As its node knows it. */
  readonly uid: string;
  readonly node: string;
  readonly address: string | null;
  readonly phase: string;
  /** Marked for deletion, or in a namespace that is. */
  readonly leaving: boolean;
}

/** What the API says of identities. */
export interface ApiLook {
  readonly nodes: ReadonlyMap<string, { readonly mac: string | null; readonly podCidr: string | undefined }>;
  readonly pods: readonly ApiPod[];
}

/** Who all nodes of a view and the Pods on them are, at one moment: by each node itself, by its peers, by the API. */
export interface Identities {
  readonly takenAt: string;
  readonly tookMs: number;
  readonly nodes: ReadonlyMap<string, NodeLook | Unread>;
  readonly api: ApiLook | Unread;
}

const apiTimeoutMs = 5000;

/** Looks at all these nodes, at the Pods on some of them, and at the API, all at the same time. What could not be read is in the answer as such: nothing is thrown. */
export async function takeIdentities(kube: KubeClient, docker: Docker, nodes: readonly NodeState[], withPods: readonly NodeState[], signal?: AbortSignal): Promise<Identities> {
  const startedAt = Date.now();
  const [looks, api] = await Promise.all([
    Promise.all(nodes.map(async ({ name }): Promise<[string, NodeLook | Unread]> => [name, await lookAtNode(docker, name, { withPods: withPods.some((one) => one.name === name), signal })])),
    lookAtApi(kube, signal),
  ]);
  return { takenAt: new Date(startedAt).toISOString(), tookMs: Date.now() - startedAt, nodes: new Map(looks), api };
}

async function lookAtApi(kube: KubeClient, signal?: AbortSignal): Promise<ApiLook | Unread> {
  const call = { timeoutMs: apiTimeoutMs, ...(signal && { signal }) };
  try {
    const [nodes, pods, namespaces] = await Promise.all([
      kube.list<KubeNode>('v1', 'Node', call), kube.list<KubePod>('v1', 'Pod', call), kube.list<KubeObject>('v1', 'Namespace', call),
    ]);
    const leaving = new Set(namespaces.filter(({ metadata }) => metadata.deletionTimestamp !== undefined).map(({ metadata }) => metadata.name));
    return {
      nodes: new Map(nodes.map((node) => [node.metadata.name, { mac: annotatedMac(node), podCidr: node.spec.podCIDR }])),
      pods: pods.flatMap((pod): ApiPod[] => {
        const { metadata: { name, namespace = '', deletionTimestamp }, spec: { nodeName: node }, status } = pod;
        if (node === undefined) return [];
        return [{ namespace, name, uid: uidOnNode(pod), node, address: status.podIP ?? null, phase: status.phase ?? 'Unknown', leaving: deletionTimestamp !== undefined || leaving.has(namespace) }];
      }),
    };
  } catch (error) {
    return { unread: describeError(error).split('\n', 1)[0]! };
  }
}

/** An annotation that is no JSON, as somebody may have written one by hand, is told as it is. */
function annotatedMac(node: KubeNode): string | null {
  try {
    return macInAnnotation(node) ?? null;
  } catch (error) {
    return `cannot be read: ${describeError(error)}`;
  }
}
