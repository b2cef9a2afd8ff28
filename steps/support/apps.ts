import { CannotTellError } from '../../core/errors.ts';
import { podIdentity } from '../../harness/probes/identity.ts';
import type { KubePod, KubeService } from '../../harness/kube/objects.ts';
import { defaultPort, echoService, echoWorkload, type EchoOptions } from '../../harness/workloads/echo.ts';
import { waitUntilReady } from '../../harness/workloads/ready.ts';
import type { EdgeWorld } from './world.ts';

/** An application of one Pod, and who that Pod was when it became Ready. */
export interface App {
  /** As the feature calls it: `host app`. */
  readonly name: string;
  readonly pod: string;
  readonly uid: string;
  readonly node: string;
  /** Read on the node. */
  readonly ip: string;
  readonly port: number;
  readonly hostNetwork: boolean;
  /** Address of its Service, if it has one. */
  readonly clusterIp?: string;
}

export interface AppOptions {
  readonly name: string;
  readonly node: string;
  readonly hostNetwork?: boolean;
  readonly service?: boolean;
  readonly evictAfterSeconds?: number;
  readonly kind?: NonNullable<EchoOptions['kind']>;
  readonly serviceAccount?: string;
  readonly cpu?: string;
}

/** Set-up has its own deadline: what does not start here says nothing of the promise. */
const setUpTimeoutMs = 60_000;

/** `host app` → `host-app`: a name that Kubernetes takes. */
export const slugOf = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]+/g, '-');

/**
 * Starts applications, waits until all are Ready and reads their identities on their nodes.
 *
 * @throws CannotTellError `WORKLOAD_NOT_READY`
 */
export async function startApps(world: EdgeWorld, wanted: readonly AppOptions[]): Promise<void> {
  const { kube, namespace, signal } = world;
  const ports = new Map(wanted.map(({ name, hostNetwork }, index) => [name, hostNetwork === true ? hostPort(index) : defaultPort]));
  await kube.applyAll(wanted.flatMap(({ name, node, service, ...rest }) => {
    const port = ports.get(name) ?? defaultPort;
    const options: EchoOptions = { ...rest, name: slugOf(name), namespace, placement: { node }, port };
    return [echoWorkload(options), ...(service === true ? [echoService(slugOf(name), namespace, port)] : [])];
  }), { signal });
  await Promise.all(wanted.map(async ({ name, hostNetwork = false, service }) => {
    const [pod] = await waitUntilReady(kube, namespace, slugOf(name), 1, { timeoutMs: setUpTimeoutMs, signal });
    const clusterIp = service === true ? (await kube.get<KubeService>('v1', 'Service', slugOf(name), { namespace, signal })).spec.clusterIP : undefined;
    world.apps.set(name, await describe(world, name, pod!, ports.get(name) ?? defaultPort, hostNetwork, clusterIp));
  }));
}

async function describe(world: EdgeWorld, name: string, pod: KubePod, port: number, hostNetwork: boolean, clusterIp: string | undefined): Promise<App> {
  const { uid = '', name: podName } = pod.metadata;
  const node = pod.spec.nodeName ?? '';
  const { ip } = await podIdentity(world.docker, node, uid, world.signal);
  return { name, pod: podName, uid, node, ip, port, hostNetwork, ...(clusterIp !== undefined && { clusterIp }) };
}

/** Two on one host must differ, and those of the scenario before may still be ending. Below the range of NodePorts. */
const hostPort = (index: number): number => 20_000 + Math.floor(Math.random() * 900) * 10 + index;

/** The faults' name for an application's Pod. */
export const podTarget = (world: EdgeWorld, app: App): string => `pod ${world.namespace}/${app.pod}`;

export const urlOf = (app: App): string => `http://${app.ip}:${app.port}/`;

/** @throws CannotTellError for an application without a Service */
export function serviceUrlOf({ name, clusterIp }: App): string {
  if (clusterIp === undefined) throw new CannotTellError('NO_SERVICE', `the application "${name}" has no Service`);
  return `http://${clusterIp}/`;
}
