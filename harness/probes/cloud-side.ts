import { cloudNodes, type ClusterState } from '../cluster/state.ts';
import type { Docker } from '../docker/docker.ts';
import { cloudServices, type CloudService } from '../wan/services.ts';
import { readConnections, socketsScript, type Tracked } from './sockets.ts';

/** A connection of a site's WAN to a service of the cloud, which somebody in the cloud holds. */
export interface CloudSide {
  /** The cloud node that the WAN dialled, and its address. */
  readonly node: string;
  readonly address: string;
  readonly service: CloudService['name'];
  /** At the WAN. */
  readonly port: number;
  /** The socket of whoever holds it, `LOCAL PEER`: behind a Service its addresses are others than those that were dialled. */
  readonly socket: string;
}

const timeoutMs = 10_000;

/**
 * The connections of a site's WAN that the cloud holds. No implementation is asked.
 *
 * @param states of whose sockets, as ss names them. `fin-wait-1`: its owner has ended it by itself, and has heard nothing from the other end
 * @throws ExecError when a node does not answer, or cannot tell what it tracks
 */
export async function cloudSideOf(docker: Docker, cluster: ClusterState, site: string, signal?: AbortSignal, states: readonly string[] = ['established']): Promise<CloudSide[]> {
  const wan = cluster.wans.find((one) => one.site === site);
  if (wan === undefined) return [];
  const said = await Promise.all(cloudNodes(cluster).map(async ({ name, address }) => {
    const { stdout } = await docker.exec(name, ['sh', '-c', socketsScript('--orig-src "$1"', states), 'edgeproof', wan.address], { timeoutMs, ...(signal && { signal }) });
    const { tracked, sockets } = readConnections(stdout);
    return { dialled: tracked.flatMap((one) => cloudSide(name, address, one)), sockets };
  }));
  // The socket may be on another node than the one that was dialled.
  const open = new Set(said.flatMap(({ sockets }) => sockets.map(({ local, peer }) => `${local} ${peer}`)));
  return said.flatMap(({ dialled }) => dialled).filter(({ socket }) => open.has(socket));
}

const portOf = (hostPort: string): number => Number(hostPort.slice(hostPort.lastIndexOf(':') + 1));

function cloudSide(node: string, address: string, { from, to, answeredBy, answeredTo }: Tracked): CloudSide[] {
  const service = cloudServices.find(({ port }) => port === portOf(to));
  return service === undefined ? [] : [{ node, address, service: service.name, port: portOf(from), socket: `${answeredBy} ${answeredTo}` }];
}
