import type { Docker } from '../docker/docker.ts';

export interface RunningContainer {
  readonly id: string;
  readonly name: string;
  /** How often the kubelet had started it in this sandbox before this time. */
  readonly attempt: number;
  readonly running: boolean;
}

/** A Pod as the node's container runtime knows it, whatever the cloud believes. */
export interface NodePod {
  readonly node: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly sandbox: { readonly id: string; readonly ready: boolean; readonly attempt: number };
  /** Of this sandbox, the latest attempt of each container only. */
  readonly containers: readonly RunningContainer[];
}

interface CriSandboxes {
  items?: { id: string; metadata: { name: string; uid: string; namespace: string; attempt?: number }; state: string; createdAt: string }[];
}

interface CriContainers {
  containers?: { id: string; podSandboxId: string; metadata: { name: string; attempt?: number }; state: string; createdAt: string }[];
}

/** Of two questions, of a node that may just be booting. */
const crictlTimeoutMs = 15_000;
/** Of each. crictl's own 2 s were seen to be too short for a node that has just reconnected, on a machine with a load of 34. */
const questionTimeout = '6s';
/** As in RFC 7464: JSON has no such byte. */
const separator = '\u001e';
/** In one go: most of what a look at a node takes is the way into its container. */
const askRuntime = `crictl --timeout ${questionTimeout} pods -o json && printf '\\036' && crictl --timeout ${questionTimeout} ps -a -o json`;

/** @internal For tests: whether a node is asked for its Pods, and what it says then. */
export const asksForPods = (argv: readonly string[]): boolean => argv.includes(askRuntime);
/** @internal */
export const asNodeSays = (sandboxes: object, containers: object): string => `${JSON.stringify(sandboxes)}${separator}${JSON.stringify(containers)}`;

/**
 * Every Pod of a node by its newest sandbox, asked of containerd on the node itself: works while the cloud is gone.
 *
 * @throws ExecError when the node or its container runtime does not answer.
 */
export async function podsOn(docker: Docker, node: string, signal?: AbortSignal): Promise<NodePod[]> {
  const { stdout } = await docker.exec(node, ['sh', '-c', askRuntime], { timeoutMs: crictlTimeoutMs, ...(signal && { signal }) });
  const [sandboxes = '', containers = ''] = stdout.split(separator);
  return readPods(node, JSON.parse(sandboxes) as CriSandboxes, JSON.parse(containers) as CriContainers);
}

/** @internal Joins what crictl says of sandboxes and of containers. */
export function readPods(node: string, sandboxes: CriSandboxes, containers: CriContainers): NodePod[] {
  const newest = latestBy(sandboxes.items ?? [], ({ metadata }) => metadata.uid, ({ createdAt }) => BigInt(createdAt));
  return newest.map(({ id, metadata, state }) => {
    const own = (containers.containers ?? []).filter(({ podSandboxId }) => podSandboxId === id);
    const latest = latestBy(own, ({ metadata: { name } }) => name, ({ createdAt }) => BigInt(createdAt));
    return {
      node,
      namespace: metadata.namespace,
      name: metadata.name,
      uid: metadata.uid,
      sandbox: { id, ready: state === 'SANDBOX_READY', attempt: metadata.attempt ?? 0 },
      containers: latest.map((one) => ({ id: one.id, name: one.metadata.name, attempt: one.metadata.attempt ?? 0, running: one.state === 'CONTAINER_RUNNING' })),
    };
  });
}

function latestBy<T>(items: readonly T[], key: (item: T) => string, age: (item: T) => bigint): T[] {
  const latest = new Map<string, T>();
  for (const item of items) {
    const seen = latest.get(key(item));
    if (seen === undefined || age(item) > age(seen)) latest.set(key(item), item);
  }
  return [...latest.values()];
}

/**
 * True when the sandbox is ready and the containers named all run. The names are those of the Pod's spec: init
 * containers have ended and do not count.
 */
export const isRunning = (pod: NodePod, containerNames: readonly string[]): boolean =>
  pod.sandbox.ready && containerNames.every((wanted) => pod.containers.some(({ name, running }) => name === wanted && running));

/** The names of the containers that run now. */
export const runningContainers = (pod: NodePod): string[] => pod.containers.filter(({ running }) => running).map(({ name }) => name);

/** The Pods of a node that run something. */
export async function podsRunningOn(docker: Docker, node: string, signal?: AbortSignal): Promise<NodePod[]> {
  return (await podsOn(docker, node, signal)).filter((pod) => pod.sandbox.ready && runningContainers(pod).length > 0);
}

/** A Pod's state in words, for messages that say what is missing. */
export function describeNodePod(pod: NodePod): string {
  const sandbox = pod.sandbox.ready ? 'sandbox ready' : 'sandbox down';
  const containers = pod.containers.map(({ name, running, attempt }) => `${name} ${running ? 'runs' : 'is down'} (attempt ${attempt})`);
  return `${pod.namespace}/${pod.name}: ${[sandbox, ...(containers.length === 0 ? ['no container'] : containers)].join(', ')}`;
}
