import { text } from 'node:stream/consumers';
import type { KubeAccess } from '../../../kube/in-cluster.ts';
import { listWatch, type KubeItem } from '../../../kube/list-watch.ts';
import { kubeRequest } from '../../../kube/request.ts';
import type { Knowledge, KnownPods } from './known-pods.ts';

export interface ApiPodsOptions {
  readonly access: KubeAccess;
  readonly nodeName: string;
  /** Told when what is there has changed. */
  readonly changed: () => void;
  readonly failed: (error: unknown) => void;
  readonly signal: AbortSignal;
}

interface PodItem extends KubeItem {
  readonly metadata: KubeItem['metadata'] & { readonly annotations?: Readonly<Record<string, string>> };
}

/** Metadata alone: a Pod is 8 KB, and its UID is what counts. */
const metadataOnly = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json';
/** A mirror Pod names the static Pod that it stands for by this: the UID that the kubelet gives the runtime (pkg/kubelet/types/pod_update.go). */
const mirrorKeys = ['kubernetes.io/config.mirror', 'kubernetes.io/config.hash'] as const;
/** The API server puts it on each of its answers; a hub's from its cache have none. */
const ownAnswer = 'audit-id';
const askTimeoutMs = 15_000;

/**
 * The Pods of a node, from the API server or through the node's hub. Those that are over (Succeeded, Failed) are left out: they never
 * run again, and may stay for as long as nobody deletes them. The Node authorizer wants `spec.nodeName` in the selector.
 */
export class ApiPods implements KnownPods {
  readonly #access: KubeAccess;
  readonly #path: string;
  #lately: ReadonlySet<string> | undefined;
  /** Over when the signal was aborted. */
  readonly over: Promise<void>;

  constructor({ access, nodeName, changed, failed, signal }: ApiPodsOptions) {
    this.#access = access;
    this.#path = `/api/v1/pods?fieldSelector=${encodeURIComponent(`spec.nodeName=${nodeName},status.phase!=Succeeded,status.phase!=Failed`)}`;
    this.over = listWatch<PodItem>({
      access,
      path: this.#path,
      accept: metadataOnly,
      keep: ({ metadata: { name, namespace, uid, annotations } }) => {
        const kept = mirrorKeys.flatMap((key) => (annotations?.[key] === undefined ? [] : [[key, annotations[key]]]));
        return { metadata: { name, ...(namespace !== undefined && { namespace }), ...(uid !== undefined && { uid }), annotations: Object.fromEntries(kept) as Record<string, string> } };
      },
      changed: (items) => {
        this.#lately = uidsOf(items.values());
        changed();
      },
      failed,
      signal,
    });
  }

  get lately(): ReadonlySet<string> | undefined {
    return this.#lately;
  }

  async knownPods(signal: AbortSignal): Promise<Knowledge> {
    const response = await kubeRequest(this.#access, { path: this.#path, accept: metadataOnly, signal: AbortSignal.any([signal, AbortSignal.timeout(askTimeoutMs)]) });
    const list = JSON.parse(await text(response)) as { readonly metadata: { readonly continue?: string }; readonly items?: readonly PodItem[] };
    return { complete: list.items !== undefined && (list.metadata.continue ?? '') === '', connected: response.headers[ownAnswer] !== undefined, uids: uidsOf(list.items ?? []) };
  }
}

function uidsOf(items: Iterable<PodItem>): ReadonlySet<string> {
  const uids = new Set<string>();
  for (const { metadata: { uid, annotations } } of items) {
    for (const one of [uid, ...mirrorKeys.map((key) => annotations?.[key])]) if (one !== undefined) uids.add(one);
  }
  return uids;
}
