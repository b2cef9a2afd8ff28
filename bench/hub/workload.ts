import { waitFor } from '../../core/wait.ts';
import { cloudNodes } from '../../harness/cluster/state.ts';
import { isReady, type KubeObject, type KubePod, type Manifest } from '../../harness/kube/objects.ts';
import { echoLabel, echoService, echoWorkload } from '../../harness/workloads/echo.ts';
import { createNamespace } from '../../harness/workloads/namespaces.ts';
import { who, type Pair, type Part, type Who } from './place.ts';

export interface LoadOptions {
  /** On each of the two nodes. */
  readonly pods: number;
  readonly services: number;
}

/** Whose Service each is: a Pod in the cloud, so that a node's restart changes none of them. */
const behind = 'behind';
const podsOfNode = (of: Who): string => `at-${of}`;

const applyWithinMs = 180_000;
/** How many requests are under way. */
const atOnce = 8;

/** Makes both nodes run as many Pods, and the cluster have as many Services; each has an EndpointSlice. */
export const giveWork: Part<LoadOptions, void> = async (pair, { pods, services }, step) => {
  const { kube, namespace, cluster, signal } = pair;
  await createNamespace(kube, namespace, signal);
  const cloud = cloudNodes(cluster).at(-1)!;
  await kube.apply(echoWorkload({ name: behind, namespace, placement: { node: cloud.name }, tolerateEdge: false }), { signal });
  await scalePods(pair, pods);
  const left: Manifest[] = Array.from({ length: services }, (_, index) => ({ ...echoService(`s${index}`, namespace), spec: { selector: { [echoLabel]: behind }, ports: [{ port: 80, targetPort: 8080, protocol: 'TCP' }] } }));
  await Promise.all(Array.from({ length: atOnce }, async () => {
    for (let one = left.pop(); one !== undefined; one = left.pop()) {
      step.detail(`${services - left.length} of ${services} Services`);
      await kube.apply(one, { signal });
    }
  }));
  await waitFor('an EndpointSlice of each Service', async (look) => {
    const slices = await kube.list<KubeObject & { endpoints: unknown[] | null }>('discovery.k8s.io/v1', 'EndpointSlice', { namespace, signal: look });
    const made = slices.filter(({ endpoints }) => (endpoints ?? []).length > 0).length;
    step.detail(`EndpointSlices of ${made} of ${services} Services`);
    return made >= services ? { done: true } : { missing: `${made} of ${services}` };
  }, { timeoutMs: applyWithinMs, everyMs: 2000, signal });
  await podsReady(pair, pods);
};

/** Makes both nodes run as many Pods of the benchmark's, and waits until they do. */
export async function scalePods(pair: Pair, pods: number): Promise<void> {
  const { kube, namespace, signal } = pair;
  for (const one of who) await kube.apply(echoWorkload({ name: podsOfNode(one), namespace, placement: { node: pair[one].name }, replicas: pods }), { signal });
  await podsReady(pair, pods);
}

/** The benchmark's Pods of one of the nodes, as the cloud knows them. */
export async function podsAt({ kube, namespace }: Pair, of: Who, signal: AbortSignal): Promise<KubePod[]> {
  const pods = await kube.list<KubePod>('v1', 'Pod', { namespace, labelSelector: `${echoLabel}=${podsOfNode(of)}`, signal });
  return pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
}

async function podsReady(pair: Pair, pods: number): Promise<void> {
  await waitFor(`${pods} Ready Pods on each node`, async (look) => {
    const seen = await Promise.all(who.map(async (one) => (await pair.kube.list<KubePod>('v1', 'Pod', { namespace: pair.namespace, labelSelector: `${echoLabel}=${podsOfNode(one)}`, signal: look }))));
    const ready = seen.map((all) => all.filter(isReady).length);
    // One that is ending is there until its node has ended it.
    return seen.every((all, index) => all.length === pods && ready[index] === pods) ? { done: true } : { missing: who.map((one, index) => `${pair[one].name}: ${ready[index]} of ${seen[index]?.length} Pods`).join(', ') };
  }, { timeoutMs: applyWithinMs, everyMs: 1000, signal: pair.signal });
}
