import { mkdir, rm } from 'node:fs/promises';
import { allDone } from '../../core/all-done.ts';
import { CannotTellError, describeError, UsageError } from '../../core/errors.ts';
import { tryLock } from '../../core/lock.ts';
import type { Progress, Step } from '../../core/progress.ts';
import type { Topology } from '../../topologies/schema.ts';
import type { Docker } from '../docker/docker.ts';
import type { ImageSet } from '../images/image-set.ts';
import type { Implementation } from '../implementation.ts';
import { KubeClient } from '../kube/client.ts';
import { Kubectl } from '../kube/kubectl.ts';
import { waitUntilWhole } from '../kube/whole.ts';
import { assertIsolated } from '../probes/reachability.ts';
import { shutWayOut } from '../wan/isolation.ts';
import { collectNodeLogs } from './boot-logs.ts';
import { clusterExists, removeCluster } from './down.ts';
import { takeInventory } from './inventory.ts';
import { raiseHostLimits } from './host-limits.ts';
import { bootLock, networkOf } from './labels.ts';
import { createNetwork } from './network.ts';
import { makePlainCluster } from './plain-cluster.ts';
import { planNodes } from './plan-nodes.ts';
import { edgeNodes, type ClusterState } from './state.ts';
import { clusterDir, implementationFolder, saveCluster, saveInventory } from './store.ts';

export interface UpOptions {
  readonly name: string;
  readonly topology: Topology;
  /** By what it was loaded, if it was. */
  readonly topologyArgument?: string;
  readonly implementation: Implementation;
  readonly docker: Docker;
  readonly images: ImageSet;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** Where node logs go when the boot fails. Default: nowhere. */
  readonly logsDir?: string;
  /** Told of each part of the boot when it is over. */
  readonly onPhase?: OnPhase;
}

/** Runs a part of the boot, shown as a step of its own or within one, and tells of it when it is over. */
export type Phase = <T>(title: string, work: (step: Step) => Promise<T>, within?: Progress) => Promise<T>;
export type OnPhase = (phase: { readonly name: string; readonly startedAt: string; readonly ms: number }) => void;

const readyTimeoutMs = 3 * 60_000;

/**
 * Boots a cluster, isolates its edge nodes, proves the isolation and installs the implementation. Whatever goes
 * wrong, and on an abort, what was made is removed again.
 *
 * @throws UsageError for a name in use; CannotTellError `BOOT_FAILED`, `ISOLATION_LEAK`
 */
export async function bootCluster(options: UpOptions): Promise<ClusterState> {
  const { name, docker, progress, logsDir, signal } = options;
  // Two boots of one name would each take the other's parts for its own, and remove them.
  await using claim = await tryLock(bootLock(name));
  if (claim === undefined) throw new UsageError(`another edgeproof is booting cluster ${name}, or removing it`, { next: 'wait until it has ended, or take another --name' });
  await assertNameFree(docker, name);
  try {
    return await progress.step(`Cluster ${name}`, async (step) => await boot(options, step));
  } catch (error) {
    if (logsDir !== undefined && !signal.aborted) {
      await collectNodeLogs(docker, networkOf(name), logsDir).catch((failed: unknown) => progress.line(`The nodes' logs could not be kept: ${describeError(failed)}`));
    }
    await progress.step(`Removing what was made of cluster ${name}`, async () => await removeCluster(docker, name)).catch((failed: unknown) => {
      // Why the boot failed says more.
      progress.line(`Not all of cluster ${name} could be removed: ${describeError(failed)}\n  next: edgeproof down ${name}`);
    });
    throw error;
  }
}

/** @throws UsageError when anything of a cluster of that name is on the engine */
export async function assertNameFree(docker: Docker, name: string): Promise<void> {
  if (await clusterExists(docker, name)) throw new UsageError(`a cluster ${name} exists already`, { next: `take another --name, or remove it: edgeproof down ${name}` });
}

async function boot(options: UpOptions, progress: Progress): Promise<ClusterState> {
  const { name, topology, implementation, docker, images, signal } = options;
  const phase: Phase = async (title, work, within = progress) => {
    const startedAt = new Date();
    try {
      return await within.step(title, work);
    } finally {
      options.onPhase?.({ name: title, startedAt: startedAt.toISOString(), ms: Date.now() - startedAt.getTime() });
    }
  };
  await mkdir(clusterDir(name), { recursive: true, mode: 0o700 });
  await phase('Host limits', async (step) => {
    const raised = await raiseHostLimits(docker, images.cloud, name, signal);
    step.result(raised.length === 0 ? 'high enough' : `raised ${raised.join(', ')}`);
  });
  const folder = implementationFolder(name);
  // A boot that was killed may have left one.
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { mode: 0o700 });
  const patches = implementation.prepare && (await phase(`Preparing ${implementation.name}`, async (step) => await implementation.prepare?.({ cluster: name, topology, folder, step, signal })));
  const network = await createNetwork(docker, name, signal);
  await phase('Way out shut', async (step) => {
    const { switchedBridgeNfOn } = await shutWayOut(docker, images.cloud, { name, network, topology }, signal);
    if (switchedBridgeNfOn) step.result('net.bridge.bridge-nf-call-iptables was 0 on the Docker host and is 1 now');
  });
  const cluster = await phase(`kind: ${planNodes(name, topology).length} nodes`, async (step) => await makePlainCluster({ ...options, network, phase, step, ...(patches && { patches }) }));
  using kube = await KubeClient.fromKubeconfig(cluster.kubeconfig);
  const kubectl = new Kubectl(images.tools.kubectl, cluster.kubeconfig);
  // An edge node that joined before the isolation was there has lost its connections to the cloud: what lived on them may back off.
  const disturbed = { nodes: edgeNodes(cluster).map((node) => node.name), until: new Date() };
  await allDone([
    phase('Nodes Ready', async () => await waitUntilWhole(kube, docker, cluster, { timeoutMs: readyTimeoutMs, signal, disturbed })),
    phase('Isolation proven from inside the nodes', async (step) => {
      const results = await assertIsolated(docker, cluster, { signal });
      step.result(`${results.length} ways tried`);
    }),
  ]);
  await saveInventory(name, await takeInventory(kube, docker, cluster, signal));
  await saveCluster(cluster);
  await phase(`Implementation ${implementation.name}`, async (step) => {
    await implementation.install({ cluster, folder, docker, kube, kubectl, step, signal });
  });
  return cluster;
}
