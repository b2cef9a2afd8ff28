import { CannotTellError } from '../../core/errors.ts';
import { waitFor } from '../../core/wait.ts';
import { clusterLabel, ownedLabel, siteLabel, wanContainerOf } from '../cluster/labels.ts';
import { type NodeState, type WanState } from '../cluster/state.ts';
import { type Docker } from '../docker/docker.ts';
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
  const controlPlane = nodes.find((node) => node.role === 'control-plane');
  if (controlPlane === undefined) throw new CannotTellError('CLUSTER_EMPTY', 'the cluster has no control plane');
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
  const labels = { [ownedLabel]: 'true', [clusterLabel]: spec.cluster, [siteLabel]: spec.site.name };
  try {
    // testcontainers takes half a second to load: only a boot pays for it.
    const { startToxiproxyContainer } = await import('./toxiproxy-container.ts');
    await startToxiproxyContainer(docker, { name: container, image: spec.image, network: spec.network, labels }, signal);
    const server = await connectWan(docker, spec.cluster, spec.site.name, { signal });
    await waitFor(`Toxiproxy in ${container}`, async () => ({ done: await server.version() }), { timeoutMs: 20_000, everyMs: 100, signal });
    await Promise.all(cloudServices.map(async ({ name, port }) => {
      await server.ensureProxy({ name, listen: `0.0.0.0:${port}`, upstream: `${spec.upstreams[name]}:${port}` });
      for (const toxic of profileToxics(spec.site.wan)) await server.ensureToxic(name, toxic);
    }));
    return { site: spec.site.name, container, address: await docker.address(container, spec.network) };
  } catch (error) {
    await stopWan(docker, spec.cluster, spec.site.name);
    if (signal.aborted) throw error;
    throw new CannotTellError('WAN_NOT_STARTED', `the WAN of site ${spec.site.name} did not start`, { cause: error });
  }
}

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

/** Removes a site's WAN container; nothing happens when there is none. Has a deadline of its own: it is clean-up. */
export async function stopWan(docker: Docker, cluster: string, site: string): Promise<void> {
  await docker.run(['rm', '--force', '--volumes', wanContainerOf(cluster, site)], { accept: 'any', timeoutMs: 30_000 });
}
