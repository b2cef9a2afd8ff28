import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { allDone } from '../../core/all-done.ts';
import { CannotTellError, describeError } from '../../core/errors.ts';
import { waitFor } from '../../core/wait.ts';
import { clusterLabel, ownedLabel, siteLabel, wanContainerOf } from '../cluster/labels.ts';
import { controlPlaneOf, type ClusterState, type NodeState, type WanState } from '../cluster/state.ts';
import { clusterDir } from '../cluster/store.ts';
import { type ContainerFacts, type Docker } from '../docker/docker.ts';
import { pinAddress } from '../docker/pin-address.ts';
import { type Topology } from '../../topologies/schema.ts';
import { profileToxics } from './profile.ts';
import { cloudServices, toxiproxyApiPort, type CloudService } from './services.ts';
import { ToxiproxyServer, type ToxiproxyOptions } from './toxiproxy.ts';

/** Where each cloud service really is: an address without its port. */
export type Upstreams = Readonly<Record<CloudService['name'], string>>;

export interface WanSpec {
  readonly cluster: string;
  /** The cluster's Docker network. */
  readonly network: string;
  readonly site: Pick<Topology['sites'][number], 'name' | 'wan'>;
  readonly upstreams: Upstreams;
  /** A Toxiproxy image: its entrypoint is the server. */
  readonly image: string;
}

/** The API server is on the control plane; the tunnel's NodePort answers on any cloud node, a worker if there is one. */
export function upstreamsOf(nodes: readonly NodeState[]): Upstreams {
  const controlPlane = controlPlaneOf({ nodes });
  const worker = nodes.find((node) => node.tier === 'cloud' && node.role === 'worker');
  return { apiserver: controlPlane.address, tunnel: (worker ?? controlPlane).address };
}

/**
 * Starts the WAN of one site: a Toxiproxy container with a proxy for each cloud service and the site's link
 * profile. What it started is removed again when it fails.
 *
 * @throws CannotTellError `WAN_NOT_STARTED`, with the reason as its cause
 */
export async function startWan(docker: Docker, spec: WanSpec, signal: AbortSignal): Promise<WanState> {
  const container = wanContainerOf(spec.cluster, spec.site.name);
  try {
    await startContainer(docker, spec, signal);
    await giveProxies(docker, spec, signal);
    return { site: spec.site.name, container, address: await docker.address(container, spec.network) };
  } catch (error) {
    await stopWan(docker, spec.cluster, spec.site.name);
    if (signal.aborted) throw error;
    throw new CannotTellError('WAN_NOT_STARTED', `the WAN of site ${spec.site.name} did not start`, { cause: error });
  }
}

/** @param address the one that it gets; Docker gives it one otherwise */
async function startContainer(docker: Docker, { cluster, site, network, image }: Omit<WanSpec, 'upstreams'>, signal: AbortSignal, address?: string): Promise<void> {
  const labels = { [ownedLabel]: 'true', [clusterLabel]: cluster, [siteLabel]: site.name };
  // testcontainers takes half a second to load: only who starts one pays for it.
  const { startToxiproxyContainer } = await import('./toxiproxy-container.ts');
  await startToxiproxyContainer(docker, { name: wanContainerOf(cluster, site.name), image, network, labels, ...(address !== undefined && { address }) }, signal);
}

/** Gives a Toxiproxy server that has just started its proxies and their toxics. A proxy that it has stays as it is, enabled or not. */
async function giveProxies(docker: Docker, { cluster, site, upstreams }: Pick<WanSpec, 'cluster' | 'site' | 'upstreams'>, signal: AbortSignal): Promise<void> {
  const server = await connectWan(docker, cluster, site.name, { signal });
  await waitFor(`Toxiproxy in ${wanContainerOf(cluster, site.name)}`, async () => ({ done: await server.version() }), { timeoutMs: 20_000, everyMs: 100, signal });
  await Promise.all(cloudServices.map(async ({ name, port }) => {
    if (!(await server.hasProxy(name))) await server.ensureProxy({ name, listen: `0.0.0.0:${port}`, upstream: `${upstreams[name]}:${port}` });
    for (const toxic of profileToxics(site.wan)) await server.ensureToxic(name, toxic);
  }));
}

/** What Docker says of a site's WAN; undefined when it was deleted. */
async function findWan(docker: Docker, cluster: string, site: string, signal: AbortSignal): Promise<ContainerFacts | undefined> {
  try {
    return await docker.inspect(wanContainerOf(cluster, site), signal);
  } catch (error) {
    if (error instanceof CannotTellError && error.code === 'CONTAINER_GONE') return undefined;
    throw error;
  }
}

export const wanIsThere = async (docker: Docker, cluster: string, site: string, signal: AbortSignal): Promise<boolean> => (await findWan(docker, cluster, site, signal)) !== undefined;

export const wanRuns = async (docker: Docker, cluster: string, site: string, signal: AbortSignal): Promise<boolean> =>
  (await findWan(docker, cluster, site, signal))?.State.Running ?? false;

/** Ends a site's WAN as a load balancer ends that is killed: its sockets are closed, and nobody answers at its address. Idempotent. */
export async function killWan(docker: Docker, cluster: string, site: string): Promise<void> {
  // 1: it does not run. A deadline of its own: the engine goes on killing although who asked for it has gone.
  await docker.run(['kill', wanContainerOf(cluster, site)], { accept: [0, 1], timeoutMs: 30_000 });
}

/** Of what a deleted WAN was made: whoever makes it anew may be another process. */
const imageFile = (cluster: string, site: string): string => join(clusterDir(cluster), `wan-${site}.image`);

/**
 * Deletes a site's WAN as a load balancer is deleted by mistake: nothing of it is left. Idempotent.
 *
 * @returns the moment just before it was deleted; undefined when it was gone already
 */
export async function deleteWan(docker: Docker, cluster: string, site: string, signal: AbortSignal): Promise<Date | undefined> {
  const facts = await findWan(docker, cluster, site, signal);
  if (facts === undefined) return undefined;
  await writeFile(imageFile(cluster, site), facts.Config.Image);
  const struckAt = new Date();
  await stopWan(docker, cluster, site);
  return struckAt;
}

/**
 * Starts a WAN that was killed, or makes one anew that was deleted, at the address it had: the host's rules lead there.
 * Toxiproxy remembers nothing, so its proxies and toxics are made again. Idempotent.
 *
 * @throws CannotTellError `WAN_NOT_STARTED`, `WAN_GONE`
 */
export async function resumeWan(docker: Docker, cluster: ClusterState, siteName: string, signal: AbortSignal): Promise<void> {
  const wan = cluster.wans.find(({ site }) => site === siteName);
  const site = cluster.topology.sites.find(({ name }) => name === siteName);
  if (wan === undefined || site === undefined) throw new CannotTellError('WAN_GONE', `cluster ${cluster.name} has no site ${siteName}`);
  const facts = await findWan(docker, cluster.name, siteName, signal);
  if (facts === undefined) {
    const image = await readFile(imageFile(cluster.name, siteName), 'utf8').catch((cause: unknown) => {
      throw new CannotTellError('WAN_GONE', `the WAN of site ${siteName} is gone, and edgeproof has not deleted it`, { cause, next: `boot the cluster again: edgeproof down ${cluster.name} && edgeproof up` });
    });
    await startContainer(docker, { cluster: cluster.name, site, network: cluster.network.name, image }, signal, wan.address).catch((cause: unknown) => {
      signal.throwIfAborted();
      throw notStarted(cluster, wan, cause);
    });
  } else if (!facts.State.Running) {
    await pinAddress(docker, cluster.network.name, { name: wan.container, address: wan.address }, signal);
    const { code, stderr } = await docker.run(['start', wan.container], { accept: 'any', timeoutMs: 60_000, signal });
    if (code !== 0) throw notStarted(cluster, wan, new Error(stderr.trim()));
  }
  await giveProxies(docker, { cluster: cluster.name, site, upstreams: upstreamsOf(cluster.nodes) }, signal);
  // Last: whoever was interrupted before this needs it again.
  await rm(imageFile(cluster.name, siteName), { force: true });
}

const notStarted = (cluster: ClusterState, { site, address }: WanState, cause: unknown): CannotTellError =>
  new CannotTellError('WAN_NOT_STARTED', `the WAN of site ${site} does not start again at ${address}: ${describeError(cause)}`, {
    cause, next: `if another container has that address, remove it: docker network inspect ${cluster.network.name}`,
  });

/**
 * The Toxiproxy server of a site's WAN, from any process on this machine. Its port is asked of Docker each time.
 *
 * @throws CannotTellError `WAN_GONE` when the container is not running
 */
export async function connectWan(docker: Docker, cluster: string, site: string, options: ToxiproxyOptions = {}): Promise<ToxiproxyServer> {
  const container = wanContainerOf(cluster, site);
  const { stdout, stderr } = await docker.run(['port', container, `${toxiproxyApiPort}/tcp`], { accept: 'any', timeoutMs: 20_000, ...(options.signal && { signal: options.signal }) });
  const address = stdout.split('\n')[0]?.trim();
  if (!address) {
    throw new CannotTellError('WAN_GONE', `the WAN of site ${site} does not run: ${stderr.trim() || `${container} publishes no port`}`, {
      next: `boot the cluster again: edgeproof down ${cluster} && edgeproof up`,
    });
  }
  return new ToxiproxyServer(`http://${address}`, options);
}

/** Shuts a WAN to all of the cloud's services, or opens it. Each to its end, also when one fails: one that is late would undo what comes after. @throws ToxiproxyApiError */
export async function setWanOpen(wan: ToxiproxyServer, open: boolean): Promise<void> {
  await allDone(cloudServices.map(async ({ name }) => await wan.setEnabled(name, open)));
}

/** Removes a site's WAN container; nothing happens when there is none. Has a deadline of its own: it is clean-up. */
export async function stopWan(docker: Docker, cluster: string, site: string): Promise<void> {
  await docker.run(['rm', '--force', '--volumes', wanContainerOf(cluster, site)], { accept: 'any', timeoutMs: 30_000 });
}
