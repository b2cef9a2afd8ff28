import { allDone } from '../../core/all-done.ts';
import { WaitTimeoutError, waitFor } from '../../core/wait.ts';
import { demandCluster } from '../cluster/demand-cluster.ts';
import { isMetricsServer } from '../cluster/metrics-server.ts';
import { cloudNodes, edgeNodes, type ClusterState } from '../cluster/state.ts';
import type { Docker } from '../docker/docker.ts';
import { isRunning, podsOn } from '../probes/pods-on-node.ts';
import { ServiceNews } from '../probes/service-news.ts';
import { uidOnNode } from '../probes/snapshot.ts';
import { hasOverlay } from '../probes/identity.ts';
import { describePod } from '../workloads/ready.ts';
import type { KubeClient } from './client.ts';
import { KubeUnreachableError } from './errors.ts';
import { isReady, type KubeLease, type KubeNode, type KubePod } from './objects.ts';
import { replaceServiceProxies } from './service-proxy.ts';

export interface WholeOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /**
   * Nodes that something was done to, and when it ended: the API may tell of the time before. They must have renewed
   * their lease since, and the containers of their system Pods and the overlay are looked for on the node itself.
   */
  readonly disturbed?: Disturbed;
}

export interface Disturbed {
  readonly nodes: readonly string[];
  readonly until: Date;
  /** Of nodes' leases, the resourceVersions while it was still done: one that has another was written since, which proves the way there up to 10 s before the kubelet's next renewal does. */
  readonly leases?: ReadonlyMap<string, string>;
}

/** Namespaces whose Pods make the cluster: they must all be Ready before it can be trusted. */
export const systemNamespaces = ['kube-system', 'kube-flannel'];
/** A kube-proxy that listens writes its rules at most once a second. */
const hearingMs = 3000;
/** It looks into nodes, which costs them more than what they do at rest. */
const lookMs = 500;
const badTaints = ['node.kubernetes.io/unreachable', 'node.kubernetes.io/not-ready'];

/**
 * Waits until a cluster, or the part of it that `cluster` has the nodes of, is whole: every node Ready and fresh, every
 * system Pod running there, and every node that was disturbed serving a Service that did not exist before.
 *
 * @throws WaitTimeoutError saying what is not; CannotTellError `CLUSTER_GONE`, `ENGINE_GONE` at once
 */
export async function waitUntilWhole(kube: KubeClient, docker: Docker, cluster: ClusterState, options: WholeOptions): Promise<void> {
  await using news = await newsFor(kube, docker, cluster, options);
  await wholeWith(news, kube, docker, cluster, options);
}

/**
 * Like `waitUntilWhole`, for cleaning up after a fault. A kubelet or kube-proxy that was cut off for a minute watches again
 * only up to a minute later, and the kubelet's Pods back off for longer. Of nodes that are not whole after `patienceMs` the
 * kubelet is restarted, which resets both and touches no container, and the kube-proxy is replaced where it has not heard
 * of a new Service.
 *
 * @throws WaitTimeoutError saying what is not whole; ExecError when a node does not answer; as `waitUntilWhole`
 */
export async function makeWhole(kube: KubeClient, docker: Docker, cluster: ClusterState, options: WholeOptions & { readonly patienceMs: number }): Promise<void> {
  const { patienceMs, timeoutMs } = options;
  await using news = await newsFor(kube, docker, cluster, options);
  const startedAt = Date.now();
  try {
    await wholeWith(news, kube, docker, cluster, { ...options, timeoutMs: Math.min(patienceMs, timeoutMs) });
  } catch (error) {
    if (!(error instanceof WaitTimeoutError) || timeoutMs <= patienceMs) throw error;
    const call = options.signal === undefined ? {} : { signal: options.signal };
    const disturbed = options.disturbed?.nodes ?? [];
    await allDone(disturbed.map(async (node) => await docker.exec(node, ['systemctl', 'restart', 'kubelet'], { timeoutMs: 30_000, ...call })));
    const deaf = await deafNodes(news, hearingMs - (Date.now() - startedAt), options.signal);
    const leftMs = (): number => Math.max(timeoutMs - (Date.now() - startedAt), 1);
    if (deaf.length > 0) await replaceServiceProxies(kube, deaf, { timeoutMs: leftMs(), ...call });
    await wholeWith(news, kube, docker, cluster, { ...options, timeoutMs: leftMs() });
  }
}

/** The nodes whose kube-proxy has not heard the news in that time, or by the first look. */
async function deafNodes(news: ServiceNews, timeoutMs: number, signal: AbortSignal | undefined): Promise<string[]> {
  let deaf: string[] = [];
  await waitFor('news of Services', async () => {
    // Not the look's own signal: the last look decides, and goes on to its end.
    deaf = (await news.unheard(signal)).map(({ node }) => node);
    return deaf.length === 0 ? { done: undefined } : { missing: deaf.join(', ') };
  }, { timeoutMs: Math.max(timeoutMs, 1), ...(signal && { signal }) }).catch((error: unknown) => {
    if (!(error instanceof WaitTimeoutError) || error.cause !== undefined) throw error;
  });
  return deaf;
}

async function newsFor(kube: KubeClient, docker: Docker, cluster: ClusterState, { disturbed, signal }: WholeOptions): Promise<ServiceNews> {
  return await ServiceNews.spread(kube, docker, cluster.nodes.filter(({ name }) => disturbed?.nodes.includes(name)), signal);
}

async function wholeWith(news: ServiceNews, kube: KubeClient, docker: Docker, cluster: ClusterState, options: WholeOptions): Promise<void> {
  const call = { timeoutMs: options.timeoutMs, everyMs: lookMs, ...(options.signal && { signal: options.signal }) };
  const look = async (signal: AbortSignal): Promise<string[]> => {
    const missing = [...(await staleNodes(kube, cluster, options.disturbed, signal)), ...(await podsMissing(kube, docker, cluster, options.disturbed?.nodes ?? [], signal))];
    return missing.length > 0 ? missing : (await news.unheard(signal)).map(({ why }) => why);
  };
  await waitFor(`cluster ${cluster.name} whole`, async (signal) => {
    const missing = await look(signal).catch(async (error: unknown) => {
      if (error instanceof KubeUnreachableError) await demandCluster(docker, cluster);
      throw error;
    });
    return missing.length === 0 ? { done: true } : { missing: missing.slice(0, 8).join('; ') };
  }, call);
}

/**
 * The nodes of a cluster that are not Ready, or that were disturbed and have not renewed their lease since: the API goes on
 * calling a node Ready for a while after its last word. Each begins with `node NAME `.
 */
export async function staleNodes(kube: KubeClient, cluster: ClusterState, disturbed: Disturbed | undefined, signal: AbortSignal): Promise<string[]> {
  const missing = await nodesNotReady(kube, cluster, signal);
  if (disturbed === undefined) return missing;
  const leases = await nodeLeases(kube, signal);
  for (const name of disturbed.nodes) {
    const lease = leases.find(({ metadata }) => metadata.name === name);
    const then = disturbed.leases?.get(name);
    if (lease !== undefined && then !== undefined && lease.metadata.resourceVersion !== then) continue;
    const renewed = lease?.spec.renewTime;
    if (renewed === undefined || new Date(renewed) < disturbed.until) missing.push(`node ${name} last renewed its lease at ${renewed ?? 'no time'}`);
  }
  return missing;
}

/** The resourceVersions of all nodes' leases, by node. @throws KubeError */
export async function leaseVersions(kube: KubeClient, signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
  return new Map((await nodeLeases(kube, signal)).map(({ metadata }) => [metadata.name, metadata.resourceVersion ?? '']));
}

const nodeLeases = async (kube: KubeClient, signal: AbortSignal): Promise<KubeLease[]> => await kube.list<KubeLease>('coordination.k8s.io/v1', 'Lease', { namespace: 'kube-node-lease', signal });

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

async function podsMissing(kube: KubeClient, docker: Docker, cluster: ClusterState, lookInside: readonly string[], signal: AbortSignal): Promise<string[]> {
  const pods = (await Promise.all(systemNamespaces.map((namespace) => kube.list<KubePod>('v1', 'Pod', { namespace, signal })))).flat();
  const names = new Set(cluster.nodes.map(({ name }) => name));
  // One that has no node yet may get one of these.
  const here = pods.filter(({ spec }) => spec.nodeName === undefined || names.has(spec.nodeName));
  const alive = here.filter((pod) => pod.metadata.deletionTimestamp === undefined && pod.status.phase !== 'Succeeded');
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
