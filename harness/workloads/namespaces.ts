import { waitFor } from '../../core/wait.ts';
import type { KubeClient } from '../kube/client.ts';
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
