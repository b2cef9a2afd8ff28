import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeAccess } from '../../kube/in-cluster.ts';
import { listWatch, type KubeItem } from '../../kube/list-watch.ts';
import { KubeRefusal, kubeRequest } from '../../kube/request.ts';
import { beforeAnnotation, tolerationPatch, type KubePod } from './tolerations.ts';

export interface AutonomyOptions {
  readonly access: KubeAccess;
  /** `key=value` of the label that makes a node autonomous. */
  readonly label: string;
  /** A Pod was made to stay on its node, or is as it was before. */
  readonly changed?: (pod: { readonly namespace: string; readonly name: string; readonly node: string; readonly stays: boolean }) => void;
  /** Something is tried again. */
  readonly failed?: (error: unknown) => void;
  readonly signal: AbortSignal;
}

const patchTimeoutMs = 10_000;
/** Between two attempts at Pods whose patch failed. Milliseconds. */
const againMs = 2000;
const parallel = 8;

/**
 * Keeps the Pods of autonomous nodes from being evicted while the cloud does not hear of their node: they come to tolerate
 * that for ever. A node that is not autonomous any more has its Pods back as they were. Which is which may be switched at any
 * time, by the node's label.
 */
export class AutonomyController {
  readonly #options: AutonomyOptions;
  #nodes: ReadonlyMap<string, KubeItem> | undefined;
  #pods: ReadonlyMap<string, KubePod> | undefined;
  #wake = Promise.withResolvers<void>();

  constructor(options: AutonomyOptions) {
    this.#options = options;
  }

  /** What this controller lacks to do its work, or undefined. */
  get notReady(): string | undefined {
    const lacking = [...(this.#nodes === undefined ? ['nodes'] : []), ...(this.#pods === undefined ? ['Pods'] : [])];
    return lacking.length === 0 ? undefined : `the ${lacking.join(' and ')} of the cluster were not read yet`;
  }

  /** Returns when aborted. */
  async run(): Promise<void> {
    const { access, failed, signal } = this.#options;
    const shared = { access, signal, ...(failed && { failed }) };
    await Promise.all([
      listWatch<KubeItem>({ ...shared, path: '/api/v1/nodes', keep: ({ metadata: { name, labels } }) => ({ metadata: { name, ...(labels && { labels }) } }), changed: (nodes) => this.#see({ nodes }) }),
      listWatch<KubePod>({ ...shared, path: '/api/v1/pods?fieldSelector=spec.nodeName!%3D', keep: keepOfPod, changed: (pods) => this.#see({ pods }) }),
      this.#settle(),
    ]);
  }

  #see({ nodes, pods }: { nodes?: ReadonlyMap<string, KubeItem>; pods?: ReadonlyMap<string, KubePod> }): void {
    this.#nodes = nodes ?? this.#nodes;
    this.#pods = pods ?? this.#pods;
    this.#wake.resolve();
  }

  async #settle(): Promise<void> {
    const { signal } = this.#options;
    const aborted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    while (!signal.aborted) {
      await Promise.race([this.#wake.promise, aborted]);
      this.#wake = Promise.withResolvers<void>();
      if (!signal.aborted && !(await this.#patchAll())) {
        await sleep(againMs, undefined, { signal }).catch(() => {});
        this.#wake.resolve();
      }
    }
  }

  /** @returns whether all that was to be changed is changed */
  async #patchAll(): Promise<boolean> {
    if (this.#nodes === undefined || this.#pods === undefined) return true;
    const nodes = this.#nodes;
    const due = [...this.#pods.values()].filter((pod) => tolerationPatch(pod, this.#isAutonomous(nodes, pod)) !== undefined);
    let whole = true;
    for (let from = 0; from < due.length; from += parallel) {
      const done = await Promise.all(due.slice(from, from + parallel).map(async (pod) => await this.#patch(pod, this.#isAutonomous(nodes, pod))));
      whole &&= done.every(Boolean);
    }
    return whole;
  }

  #isAutonomous(nodes: ReadonlyMap<string, KubeItem>, pod: KubePod): boolean {
    const [key = '', value = ''] = this.#options.label.split('=');
    return nodes.get(`/${pod.spec?.nodeName ?? ''}`)?.metadata.labels?.[key] === value;
  }

  async #patch(pod: KubePod, stays: boolean): Promise<boolean> {
    const { access, changed, failed, signal } = this.#options;
    const { namespace = '', name } = pod.metadata;
    const body = tolerationPatch(pod, stays);
    if (body === undefined) return true;
    try {
      const path = `/api/v1/namespaces/${namespace}/pods/${name}`;
      const response = await kubeRequest(access, { path, method: 'PATCH', body, signal: AbortSignal.any([signal, AbortSignal.timeout(patchTimeoutMs)]) });
      response.resume();
      changed?.({ namespace, name, node: pod.spec?.nodeName ?? '', stays });
      return true;
    } catch (error) {
      // It is gone, or changed meanwhile: its next event brings it here again.
      if (signal.aborted || (error instanceof KubeRefusal && (error.status === 404 || error.status === 409))) return true;
      failed?.(error);
      return false;
    }
  }
}

/** Of a Pod, what decides. There may be thousands. */
function keepOfPod({ metadata: { name, namespace, uid, resourceVersion, annotations }, spec }: KubePod): KubePod {
  const before = annotations?.[beforeAnnotation];
  return {
    metadata: {
      name,
      ...(namespace !== undefined && { namespace }),
      ...(uid !== undefined && { uid }),
      ...(resourceVersion !== undefined && { resourceVersion }),
      ...(before !== undefined && { annotations: { [beforeAnnotation]: before } }),
    },
    ...(spec !== undefined && { spec: { ...(spec.nodeName !== undefined && { nodeName: spec.nodeName }), ...(spec.tolerations !== undefined && { tolerations: spec.tolerations }) } }),
  };
}
