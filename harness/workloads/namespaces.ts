import { waitFor } from '../../core/wait.ts';
import type { KubeClient } from '../kube/client.ts';
import type { KubeObject } from '../kube/objects.ts';
import { clusterLabel } from '../cluster/labels.ts';

/** Namespaces that edgeproof made for scenarios, so that leftovers of a crash can be found. */
const scenarioNamespaceLabel = `${clusterLabel}-scenario`;

/** Makes a namespace and waits until Pods may be made in it (its ServiceAccount is there). */
export async function createNamespace(kube: KubeClient, name: string, signal?: AbortSignal): Promise<void> {
  const call = signal === undefined ? {} : { signal };
  await kube.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: { [scenarioNamespaceLabel]: 'true' } } }, call);
  await waitFor(`namespace ${name}`, async (signal) => {
    const account = await kube.find('v1', 'ServiceAccount', 'default', { namespace: name, signal });
    return account === undefined ? { missing: 'it has no ServiceAccount yet' } : { done: true };
  }, { timeoutMs: 15_000, everyMs: 50, ...call });
}

/** Has a namespace and all in it removed, and does not wait: Pods of a node that does not answer would hold it up. */
export async function deleteNamespace(kube: KubeClient, name: string, signal?: AbortSignal): Promise<void> {
  await kube.delete('v1', 'Namespace', name, signal === undefined ? {} : { signal });
}

/** Has those that were made for scenarios at or after a moment removed, as `deleteNamespace`. @returns their names */
export async function deleteScenarioNamespaces(kube: KubeClient, since: Date, signal: AbortSignal): Promise<string[]> {
  const all = await kube.list<KubeObject>('v1', 'Namespace', { labelSelector: `${scenarioNamespaceLabel}=true`, signal });
  // The API's times are whole seconds.
  const mine = all.filter(({ metadata }) => Date.parse(metadata.creationTimestamp ?? '') >= Math.floor(since.getTime() / 1000) * 1000).map(({ metadata }) => metadata.name);
  for (const name of mine) await deleteNamespace(kube, name, signal);
  return mine;
}
