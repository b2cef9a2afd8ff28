import type { KubeAccess } from '../../kube/in-cluster.ts';
import { listWatch, type KubeItem } from '../../kube/list-watch.ts';
import { kubeRequest } from '../../kube/request.ts';
import { nodeAccess, type NodeAccessOptions } from '../common/node-access.ts';
import { backendDataKey, backendTypeKey } from './backend-data.ts';
import type { Told } from './decide.ts';

export interface NodeApiOptions extends NodeAccessOptions {
  readonly nodeName: string;
}

interface NodeItem extends KubeItem {
  readonly metadata: KubeItem['metadata'] & { readonly annotations?: Readonly<Record<string, string>> };
}

/**
 * The kubelet watches the same Node through the same hub, in JSON: what that one is told is enough, and the cloud need not tell it twice (docs/hub.md, "Shared"). So it is asked for as
 * the kubelet asks, and the hub has it while it is cut off. An API server does not know the parameter, and lets it be.
 */
const shared = 'edgeHub=shared';
/** Of what a write answers, nothing is read. */
const metadataOnly = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json';

/** What a write may take: a hub that is cut off refuses it at once. Milliseconds. */
const writeTimeoutMs = 10_000;

/**
 * This node's own Node, as the API has it. It comes as the kubelet does, by its certificate: that may read and change this Node and no other
 * (the Node authorizer and the admission plugin NodeRestriction), where any ServiceAccount that may do so to one may do so to all.
 */
export class NodeApi {
  readonly #nodeName: string;
  readonly #access: KubeAccess;

  constructor({ nodeName, ...access }: NodeApiOptions) {
    this.#nodeName = nodeName;
    this.#access = nodeAccess(access);
  }

  /** Tells what the API says, at first and whenever it is something else. Returns when aborted. */
  async follow({ told, failed, signal }: { readonly told: (now: Told) => void; readonly failed: (error: unknown) => void; readonly signal: AbortSignal }): Promise<void> {
    await listWatch<NodeItem>({
      access: this.#access,
      path: `/api/v1/nodes?fieldSelector=${encodeURIComponent(`metadata.name=${this.#nodeName}`)}&${shared}`,
      keep: ({ metadata: { name, annotations } }) => {
        const kept = Object.entries(annotations ?? {}).filter(([key]) => key === backendDataKey || key === backendTypeKey);
        return { metadata: { name, annotations: Object.fromEntries(kept) } };
      },
      changed: (items) => {
        const node = items.get(`/${this.#nodeName}`);
        // Without a Node there is nobody to tell anything of: it is the kubelet that makes one.
        if (node !== undefined) told({ text: node.metadata.annotations?.[backendDataKey], backendType: node.metadata.annotations?.[backendTypeKey] });
      },
      failed,
      signal,
    });
  }

  /** @throws KubeRefusal; EdgeproofError `KUBE_UNREACHABLE` */
  async announce(text: string, signal: AbortSignal): Promise<void> {
    const response = await kubeRequest(this.#access, {
      method: 'PATCH',
      path: `/api/v1/nodes/${this.#nodeName}?fieldManager=edge-network`,
      accept: metadataOnly,
      body: { metadata: { annotations: { [backendDataKey]: text } } },
      signal: AbortSignal.any([signal, AbortSignal.timeout(writeTimeoutMs)]),
    });
    response.resume();
  }
}
