import { WaitTimeoutError, waitFor } from '../../core/wait.ts';
import { isMetricsServer } from '../cluster/metrics-server.ts';
import { cloudNodes, edgeNodes, type ClusterState } from '../cluster/state.ts';
import type { Docker } from '../docker/docker.ts';
import { isRunning, podsOn } from '../probes/pods-on-node.ts';
import { uidOnNode } from '../probes/snapshot.ts';
import { hasOverlay } from '../probes/identity.ts';
import { describePod } from '../workloads/ready.ts';
import type { KubeClient } from './client.ts';
import { isReady, type KubeLease, type KubeNode, type KubePod } from './objects.ts';

export interface WholeOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /**
   * Nodes that something was done to, and when it ended: the API may tell of the time before. They must have renewed
   * their lease since, and the containers of their system Pods and the overlay are looked for on the node itself.
   */
  readonly disturbed?: { readonly nodes: readonly string[]; readonly until: Date };
}

/** Namespaces whose Pods make the cluster: they must all be Ready before it can be trusted. */
const systemNamespaces = ['kube-system', 'kube-flannel'];
const badTaints = ['node.kubernetes.io/unreachable', 'node.kubernetes.io/not-ready'];

/**
 * Waits until a cluster is whole: every node Ready and fresh, every system Pod running.
 *
 * @throws WaitTimeoutError saying what is not.
 */
export async function waitUntilWhole(kube: KubeClient, docker: Docker, cluster: ClusterState, options: WholeOptions): Promise<void> {
  const call = { timeoutMs: options.timeoutMs, ...(options.signal && { signal: options.signal }) };
  await waitFor(`cluster ${cluster.name} whole`, async (signal) => {
    const missing = [...(await staleNodes(kube, cluster, options.disturbed, signal)), ...(await podsMissing(kube, docker, options.disturbed?.nodes ?? [], signal))];
    return missing.length === 0 ? { done: true } : { missing: missing.slice(0, 8).join('; ') };
  }, call);
}

/**
 * Like `waitUntilWhole`, for cleaning up after a fault. A kubelet that was cut off for a minute watches again only up to a
 * minute later, and its Pods back off for longer: nodes that are not whole after `patienceMs` have their kubelet
 * restarted, which resets both and touches no container.
 *
 * @throws WaitTimeoutError saying what is not whole; ExecError when a node does not answer.
 */
export async function makeWhole(kube: KubeClient, docker: Docker, cluster: ClusterState, options: WholeOptions & { readonly patienceMs: number }): Promise<void> {
  const { patienceMs } = options;
  try {
    await waitUntilWhole(kube, docker, cluster, { ...options, timeoutMs: Math.min(patienceMs, options.timeoutMs) });
  } catch (error) {
    if (!(error instanceof WaitTimeoutError) || options.timeoutMs <= patienceMs) throw error;
    const call = { timeoutMs: 30_000, ...(options.signal && { signal: options.signal }) };
    await Promise.all((options.disturbed?.nodes ?? []).map(async (node) => await docker.exec(node, ['systemctl', 'restart', 'kubelet'], call)));
    await waitUntilWhole(kube, docker, cluster, { ...options, timeoutMs: options.timeoutMs - patienceMs });
  }
}

/**
 * The nodes of a cluster that are not Ready, or that were disturbed and have not renewed their lease since: the API goes on
 * calling a node Ready for 50 s after its last word. Each begins with `node NAME `.
 */
export async function staleNodes(kube: KubeClient, cluster: ClusterState, disturbed: WholeOptions['disturbed'], signal: AbortSignal): Promise<string[]> {
  const missing = await nodesNotReady(kube, cluster, signal);
  if (disturbed === undefined) return missing;
  const leases = await kube.list<KubeLease>('coordination.k8s.io/v1', 'Lease', { namespace: 'kube-node-lease', signal });
  for (const name of disturbed.nodes) {
    const renewed = leases.find(({ metadata }) => metadata.name === name)?.spec.renewTime;
    if (renewed === undefined || new Date(renewed) < disturbed.until) missing.push(`node ${name} last renewed its lease at ${renewed ?? 'no time'}`);
  }
  return missing;
}

/** The nodes of a cluster that are not Ready, each with its reason. */
async function nodesNotReady(kube: KubeClient, cluster: ClusterState, signal: AbortSignal): Promise<string[]> {
  const nodes = await kube.list<KubeNode>('v1', 'Node', { signal });
  return [...cloudNodes(cluster), ...edgeNodes(cluster)].flatMap(({ name }) => {
    const node = nodes.find(({ metadata }) => metadata.name === name);
    if (node === undefined) return [`node ${name} is not in the cluster`];
    const taint = node.spec.taints?.find(({ key }) => badTaints.includes(key));
    const ready = node.status.conditions?.find(({ type }) => type === 'Ready');
    if (!isReady(node)) return [`node ${name} is not Ready: ${ready?.reason ?? 'nobody says why'} ${ready?.message ?? ''}`.trim()];
    return taint === undefined ? [] : [`node ${name} still has the taint ${taint.key}`];
  });
}

async function podsMissing(kube: KubeClient, docker: Docker, lookInside: readonly string[], signal: AbortSignal): Promise<string[]> {
  const pods = (await Promise.all(systemNamespaces.map((namespace) => kube.list<KubePod>('v1', 'Pod', { namespace, signal })))).flat();
  const alive = pods.filter((pod) => pod.metadata.deletionTimestamp === undefined && pod.status.phase !== 'Succeeded');
  const missing = alive.filter((pod) => !isReady(pod) && !isMetricsServer(pod)).map(describePod);
  for (const node of lookInside) {
    if (!(await hasOverlay(docker, node, signal))) missing.push(`flannel on ${node} has not told the CNI its subnet`);
    const there = await podsOn(docker, node, signal);
    for (const pod of alive.filter(({ spec }) => spec.nodeName === node)) {
      const mine = there.find(({ uid }) => uid === uidOnNode(pod));
      if (mine === undefined || !isRunning(mine, pod.spec.containers.map(({ name }) => name))) missing.push(`${pod.metadata.name} does not run on ${node}`);
    }
  }
  return missing;
}
