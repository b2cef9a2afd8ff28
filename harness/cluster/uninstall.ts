import type { Progress } from '../../core/progress.ts';
import type { Docker } from '../docker/docker.ts';
import type { Implementation } from '../implementation.ts';
import { KubeClient } from '../kube/client.ts';
import { Kubectl } from '../kube/kubectl.ts';
import { waitUntilWhole } from '../kube/whole.ts';
import { edgeNodes, type ClusterState } from './state.ts';
import { implementationFolder, saveCluster } from './store.ts';

export interface UninstallOptions {
  readonly cluster: ClusterState;
  /** The one that the cluster was booted with. */
  readonly implementation: Implementation;
  readonly docker: Docker;
  /** Path of a kubectl. */
  readonly kubectl: string;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** Nodes that were given their kubelet's own way to the API server back are Ready within seconds; who backs off takes up to a minute. */
const wholeTimeoutMs = 150_000;

/** The state of a cluster on which nothing is installed. */
export function plainState({ tunnel: _tunnel, autonomy: _autonomy, ...cluster }: ClusterState): ClusterState {
  return { ...cluster, implementation: 'stock' };
}

/**
 * Takes an implementation out of a running cluster, waits until what remains is whole, and remembers it as `stock`.
 * Interrupted, it may be called again.
 *
 * @throws what the implementation throws; WaitTimeoutError when the plain cluster does not get whole
 */
export async function uninstallFrom({ cluster, implementation, docker, kubectl, progress, signal }: UninstallOptions): Promise<ClusterState> {
  using kube = await KubeClient.fromKubeconfig(cluster.kubeconfig);
  await progress.step(`Implementation ${implementation.name} taken out`, async (step) => {
    await implementation.uninstall({ cluster, folder: implementationFolder(cluster.name), docker, kube, kubectl: new Kubectl(kubectl, cluster.kubeconfig), step, signal });
  });
  const disturbed = { nodes: edgeNodes(cluster).map(({ name }) => name), until: new Date() };
  await progress.step('Cluster whole without it', async () => await waitUntilWhole(kube, docker, cluster, { timeoutMs: wholeTimeoutMs, signal, disturbed }));
  const plain = plainState(cluster);
  await saveCluster(plain);
  return plain;
}
