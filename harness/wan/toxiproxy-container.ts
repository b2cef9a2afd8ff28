import { GenericContainer, Wait } from 'testcontainers';
import { type Docker } from '../docker/docker.ts';
import { toxiproxyApiPort } from './services.ts';

export interface ToxiproxyContainerSpec {
  readonly name: string;
  /** Its entrypoint is the Toxiproxy server. */
  readonly image: string;
  /** Name of a Docker network. */
  readonly network: string;
  readonly labels: Readonly<Record<string, string>>;
  /** IPv4, on that network. Default: Docker's choice. */
  readonly address?: string;
}

/** testcontainers publishes on all of the host's addresses; nobody else has business with Toxiproxy's API. */
class LocalContainer extends GenericContainer {
  withAddress(network: string, address: string): this {
    this.createOpts.NetworkingConfig = { EndpointsConfig: { [network]: { IPAMConfig: { IPv4Address: address } } } };
    return this;
  }

  protected override async beforeContainerCreated(): Promise<void> {
    this.hostConfig.PortBindings = { [`${toxiproxyApiPort}/tcp`]: [{ HostIp: '127.0.0.1', HostPort: '0' }] };
  }
}

/**
 * Starts a Toxiproxy server whose API is published at a free port of 127.0.0.1. It outlives this process: it is
 * edgeproof's labels that get it removed, not testcontainers' reaper (whose image is not always to be had).
 */
export async function startToxiproxyContainer(docker: Docker, spec: ToxiproxyContainerSpec, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  // The only way to tell testcontainers which engine, and not to look for a network called bridge when this
  // machine is itself a container: a private engine has none.
  process.env['DOCKER_HOST'] = docker.engine.host;
  process.env['TESTCONTAINERS_HOST_OVERRIDE'] = '127.0.0.1';
  const container = new LocalContainer(spec.image);
  if (spec.address !== undefined) container.withAddress(spec.network, spec.address);
  await container
    .withName(spec.name)
    .withLabels({ ...spec.labels })
    .withNetworkMode(spec.network)
    .withCommand(['-host=0.0.0.0'])
    .withEnvironment({ LOG_LEVEL: 'info' }) // else it logs every write
    .withExposedPorts(toxiproxyApiPort)
    .withAutoCleanup(false)
    .withWaitStrategy(Wait.forLogMessage('Starting Toxiproxy'))
    .withStartupTimeout(30_000)
    .start();
  signal.throwIfAborted();
}
