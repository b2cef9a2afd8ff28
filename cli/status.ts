import { describeError } from '../core/errors.ts';
import { loadCluster } from '../harness/cluster/store.ts';
import type { ClusterState, NodeState, WanState } from '../harness/cluster/state.ts';
import { Docker, type Engine } from '../harness/docker/docker.ts';
import { cloudServices } from '../harness/wan/services.ts';
import { connectWan } from '../harness/wan/wan.ts';

/** `unknown`: no engine answers. */
export type ContainerStatus = 'running' | 'stopped' | 'gone' | 'unknown';

export interface LinkStatus {
  readonly site: string;
  readonly container: string;
  readonly status: ContainerStatus;
  /** Whether the link lets each cloud service through; absent when it cannot be asked. */
  readonly services?: Readonly<Record<string, boolean>>;
  readonly problem?: string;
}

export interface ClusterStatus {
  readonly name: string;
  readonly topology: string;
  readonly implementation: string;
  readonly createdAt: string;
  /** All nodes and links run. */
  readonly running: boolean;
  readonly kubeconfig: string;
  readonly nodes: readonly (NodeState & { readonly status: ContainerStatus })[];
  readonly links: readonly LinkStatus[];
  /** Faults that were injected and not healed. */
  readonly faults: readonly { readonly id: string; readonly kind: string; readonly target: string; readonly startedAt: string }[];
  /** Why nothing can be said of its faults. */
  readonly faultsProblem?: string;
}

/** What a cluster is and how it is, as the engine and its WANs say now. @throws UsageError when there is no such cluster */
export async function clusterStatus(name: string, engine: Engine | undefined, signal: AbortSignal): Promise<ClusterStatus> {
  const state = await loadCluster(name);
  const docker = engine && new Docker(engine);
  const containers = docker === undefined ? undefined : await containerStatuses(docker, [...state.nodes.map((node) => node.name), ...state.wans.map((wan) => wan.container)], signal);
  const statusOf = (container: string): ContainerStatus => (containers === undefined ? 'unknown' : (containers.get(container) ?? 'gone'));
  const nodes = state.nodes.map((node) => ({ ...node, status: statusOf(node.name) }));
  const links = await Promise.all(state.wans.map(async (wan) => await linkStatus(name, wan, statusOf(wan.container), docker, signal)));
  const faults = await openFaults(state);
  return {
    name,
    topology: state.topology.name,
    implementation: state.implementation,
    createdAt: state.createdAt,
    running: [...nodes, ...links].every(({ status }) => status === 'running'),
    kubeconfig: state.kubeconfig,
    nodes,
    links,
    ...faults,
  };
}

/** What cannot be read is told beside all else that is known of a cluster. */
async function openFaults(state: ClusterState): Promise<Pick<ClusterStatus, 'faults' | 'faultsProblem'>> {
  const { FaultLog } = await import('../chaos/fault-log.ts');
  try {
    return { faults: await (await FaultLog.open(state)).active() };
  } catch (error) {
    return { faults: [], faultsProblem: describeError(error) };
  }
}

async function containerStatuses(docker: Docker, names: readonly string[], signal: AbortSignal): Promise<Map<string, ContainerStatus>> {
  const filters = names.flatMap((name) => ['--filter', `name=^/?${name}$`]);
  const { stdout } = await docker.run(['ps', '--all', '--format', '{{.Names}} {{.State}}', ...filters], { signal });
  return new Map(stdout.split('\n').filter((line) => line !== '').map((line) => {
    const [name = '', state] = line.split(' ');
    return [name, state === 'running' ? 'running' : 'stopped'] as const;
  }));
}

async function linkStatus(cluster: string, { site, container }: WanState, status: ContainerStatus, docker: Docker | undefined, signal: AbortSignal): Promise<LinkStatus> {
  if (docker === undefined || status !== 'running') return { site, container, status };
  try {
    const wan = await connectWan(docker, cluster, site, { signal });
    const services = await Promise.all(cloudServices.map(async (service) => [service.name, await wan.isEnabled(service.name)] as const));
    return { site, container, status, services: Object.fromEntries(services) };
  } catch (error) {
    signal.throwIfAborted();
    return { site, container, status, problem: describeError(error) };
  }
}
