import { CannotTellError } from '../../core/errors.ts';
import type { Progress } from '../../core/progress.ts';
import { waitFor } from '../../core/wait.ts';
import type { Docker } from '../docker/docker.ts';
import type { Implementation } from '../implementation.ts';
import { KubeClient } from '../kube/client.ts';
import { Kubectl } from '../kube/kubectl.ts';
import { waitUntilWhole } from '../kube/whole.ts';
import { differences, takeInventory } from './inventory.ts';
import { edgeNodes, type ClusterState } from './state.ts';
import { implementationFolder, loadInventory, saveCluster } from './store.ts';

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
/** Namespaces that are being removed empty themselves first. */
const leftoversTimeoutMs = 60_000;

/** The state of a cluster on which nothing is installed. */
export function plainState({ tunnel: _tunnel, autonomy: _autonomy, identity: _identity, ...cluster }: ClusterState): ClusterState {
  return { ...cluster, implementation: 'stock' };
}

/**
 * Takes an implementation out of a running cluster, waits until what remains is whole and has nothing more and nothing less than
 * before, and remembers it as `stock`.
 * Interrupted, it may be called again.
 *
 * @returns how many things were compared
 * @throws what the implementation throws; WaitTimeoutError when the plain cluster does not get whole, or naming what is left of it; CannotTellError `NO_INVENTORY`
 */
export async function uninstallFrom({ cluster, implementation, docker, kubectl, progress, signal }: UninstallOptions): Promise<number> {
  using kube = await KubeClient.fromKubeconfig(cluster.kubeconfig);
  await progress.step(`Implementation ${implementation.name} taken out`, async (step) => {
    await implementation.uninstall({ cluster, folder: implementationFolder(cluster.name), docker, kube, kubectl: new Kubectl(kubectl, cluster.kubeconfig), step, signal });
  });
  const disturbed = { nodes: edgeNodes(cluster).map(({ name }) => name), until: new Date() };
  await progress.step('Cluster whole without it', async () => await waitUntilWhole(kube, docker, cluster, { timeoutMs: wholeTimeoutMs, signal, disturbed }));
  const before = await loadInventory(cluster.name);
  if (before === undefined) throw new CannotTellError('NO_INVENTORY', `nobody has written down what ${cluster.name} had before ${implementation.name}`, { next: 'boot it again with this edgeproof' });
  await progress.step('Nothing left of it', async (step) => {
    await waitFor(`cluster ${cluster.name} as it was before ${implementation.name}`, async (look) => {
      const other = differences(before, await takeInventory(kube, docker, cluster, look));
      return other.length === 0 ? { done: true } : { missing: `${other.length} differences: ${other.slice(0, 10).join('; ')}` };
    }, { timeoutMs: leftoversTimeoutMs, everyMs: 1000, signal });
    step.result(`${before.length} things are as they were`);
  });
  await saveCluster(plainState(cluster));
  return before.length;
}
