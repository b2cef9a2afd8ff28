import { describeError } from '../core/errors.ts';
import { loadCluster } from '../harness/cluster/store.ts';
import type { ClusterState, NodeState, WanState } from '../harness/cluster/state.ts';
import { Docker, type Engine } from '../harness/docker/docker.ts';
import { loadImplementation } from '../implementations/load.ts';
import { profileToxics } from '../harness/wan/profile.ts';
import { cloudServices } from '../harness/wan/services.ts';
import type { ToxicSpec } from '../harness/wan/toxiproxy.ts';
import { connectWan } from '../harness/wan/wan.ts';
import { nodeStatuses } from './node-statuses.ts';

/** `unknown`: no engine answers. */
export type ContainerStatus = 'running' | 'stopped' | 'gone' | 'unknown';

/** What is known of a node besides its container. What cannot be asked is absent. */
export interface NodeStatus extends NodeState {
  readonly status: ContainerStatus;
  /** What the API says of it: `true` is Ready. */
  readonly ready?: boolean;
  readonly podCidr?: string;
  /** Of its flannel.1, as it is on the node. */
  readonly vtepMac?: string;
  /** Pods with a sandbox that runs, as its container runtime has it. */
  readonly pods?: number;
}

export interface LinkStatus {
  readonly site: string;
  readonly container: string;
  readonly status: ContainerStatus;
  /** Whether the link lets each cloud service through; absent when it cannot be asked. */
  readonly services?: Readonly<Record<string, boolean>>;
  /** What is injected there besides the site's own latency and bandwidth. */
  readonly toxics?: readonly (ToxicSpec & { readonly service: string })[];
  readonly problem?: string;
}

export interface ClusterStatus {
  readonly name: string;
  readonly topology: string;
  readonly implementation: string;
  readonly claims: readonly string[];
  /** Why nothing can be said of its claims. */
  readonly claimsProblem?: string;
  readonly createdAt: string;
  /** All nodes and links run. */
  readonly running: boolean;
  readonly kubeconfig: string;
  readonly nodes: readonly NodeStatus[];
  /** Why the API says nothing of its nodes. */
  readonly apiProblem?: string;
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
  const [nodes, links, faults, claims] = await Promise.all([
    nodeStatuses(state, docker, statusOf, signal),
    Promise.all(state.wans.map(async (wan) => await linkStatus(state, wan, statusOf(wan.container), docker, signal))),
    openFaults(state),
    claimsOf(state),
  ]);
  return {
    name,
    topology: state.topology.name,
    implementation: state.implementation,
    ...claims,
    createdAt: state.createdAt,
    running: [...nodes.nodes, ...links].every(({ status }) => status === 'running'),
    kubeconfig: state.kubeconfig,
    ...nodes,
    links,
    ...faults,
  };
}

/** Its folder may have been renamed since, or be broken just now. */
async function claimsOf({ implementation }: ClusterState): Promise<Pick<ClusterStatus, 'claims' | 'claimsProblem'>> {
  try {
    return { claims: (await loadImplementation(implementation)).claims };
  } catch (error) {
    return { claims: [], claimsProblem: describeError(error).split('\n', 1)[0]! };
  }
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

async function linkStatus(cluster: ClusterState, { site, container }: WanState, status: ContainerStatus, docker: Docker | undefined, signal: AbortSignal): Promise<LinkStatus> {
  if (docker === undefined || status !== 'running') return { site, container, status };
  try {
    const wan = await connectWan(docker, cluster.name, site, { signal });
    const own = profileToxics(cluster.topology.sites.find(({ name }) => name === site)!.wan).map(({ name }) => name);
    const services = await Promise.all(cloudServices.map(async ({ name }) => ({ name, enabled: await wan.isEnabled(name), toxics: await wan.toxics(name) })));
    return {
      site, container, status,
      services: Object.fromEntries(services.map(({ name, enabled }) => [name, enabled])),
      toxics: services.flatMap(({ name: service, toxics }) => toxics.filter(({ name }) => !own.includes(name)).map((toxic) => ({ ...toxic, service }))),
    };
  } catch (error) {
    signal.throwIfAborted();
    return { site, container, status, problem: describeError(error) };
  }
}
