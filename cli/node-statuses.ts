import { describeError } from '../core/errors.ts';
import type { ClusterState } from '../harness/cluster/state.ts';
import type { Docker } from '../harness/docker/docker.ts';
import { KubeClient } from '../harness/kube/client.ts';
import { isReady, type KubeNode } from '../harness/kube/objects.ts';
import { vtepMac } from '../harness/probes/identity.ts';
import { podsOn } from '../harness/probes/pods-on-node.ts';
import type { ClusterStatus, ContainerStatus, NodeStatus } from './status.ts';

const apiTimeoutMs = 3000;

/** What the API says of a cluster's nodes, and what each says of itself: one that is cut off or broken hides none of the others. */
export async function nodeStatuses(cluster: ClusterState, docker: Docker | undefined, statusOf: (container: string) => ContainerStatus, signal: AbortSignal): Promise<Pick<ClusterStatus, 'nodes' | 'apiProblem'>> {
  if (docker === undefined) return { nodes: cluster.nodes.map((node) => ({ ...node, status: statusOf(node.name) })) };
  const [api, nodes] = await Promise.all([
    nodesOfApi(cluster, signal),
    Promise.all(cluster.nodes.map(async (node) => ({ ...node, status: statusOf(node.name), ...(statusOf(node.name) === 'running' && await ofItself(docker, node.name, signal)) }))),
  ]);
  return {
    nodes: nodes.map((node) => {
      const known = api.nodes.get(node.name);
      return { ...node, ...(known !== undefined && { ready: isReady(known), ...(known.spec.podCIDR !== undefined && { podCidr: known.spec.podCIDR }) }) };
    }),
    ...(api.problem !== undefined && { apiProblem: api.problem }),
  };
}

async function nodesOfApi({ kubeconfig }: ClusterState, signal: AbortSignal): Promise<{ readonly nodes: ReadonlyMap<string, KubeNode>; readonly problem?: string }> {
  try {
    await using kube = await KubeClient.fromKubeconfig(kubeconfig);
    const nodes = await kube.list<KubeNode>('v1', 'Node', { signal, timeoutMs: apiTimeoutMs });
    return { nodes: new Map(nodes.map((node) => [node.metadata.name, node])) };
  } catch (error) {
    signal.throwIfAborted();
    return { nodes: new Map(), problem: describeError(error) };
  }
}

async function ofItself(docker: Docker, node: string, signal: AbortSignal): Promise<Pick<NodeStatus, 'vtepMac' | 'pods'>> {
  const [mac, pods] = await Promise.allSettled([vtepMac(docker, node, signal), podsOn(docker, node, signal)]);
  signal.throwIfAborted();
  return {
    ...(mac.status === 'fulfilled' && mac.value !== undefined && { vtepMac: mac.value }),
    ...(pods.status === 'fulfilled' && { pods: pods.value.filter(({ sandbox }) => sandbox.ready).length }),
  };
}
