import { cloudNodes, type ClusterState } from '../cluster/state.ts';
import type { Docker } from '../docker/docker.ts';
import { cloudServices, type CloudService } from '../wan/services.ts';

/** A connection of a site's WAN to a service of the cloud, which somebody in the cloud holds. */
export interface CloudSide {
  /** The cloud node that the WAN dialled. */
  readonly node: string;
  readonly service: CloudService['name'];
  /** At the WAN. */
  readonly port: number;
  /** The socket of whoever holds it, `LOCAL PEER`: behind a Service its addresses are others than those that were dialled. */
  readonly socket: string;
}

const timeoutMs = 10_000;

/**
 * Prints the connections that came from an address, as the node tracks them, and after a mark the established sockets of the node and of
 * its Pods. Both are asked, as each alone would not do: only the first knows what was dialled; and only a socket knows that its owner has
 * closed it while what was sent before finds no way out.
 */
const script = `
conntrack --dump --proto tcp --orig-src "$1" 2>/dev/null
echo "#sockets"
ss --no-header --tcp --numeric state established
for namespace in /var/run/netns/*; do nsenter --net="$namespace" ss --no-header --tcp --numeric state established; done
true`;

/**
 * The connections of a site's WAN that the cloud holds. No implementation is asked.
 *
 * @throws ExecError when a node does not answer
 */
export async function cloudSideOf(docker: Docker, cluster: ClusterState, site: string, signal?: AbortSignal): Promise<CloudSide[]> {
  const wan = cluster.wans.find((one) => one.site === site);
  if (wan === undefined) return [];
  const said = await Promise.all(cloudNodes(cluster).map(async ({ name }) => {
    const { stdout } = await docker.exec(name, ['sh', '-c', script, 'edgeproof', wan.address], { timeoutMs, ...(signal && { signal }) });
    const [tracked = '', sockets = ''] = stdout.split('#sockets\n');
    return { tracked: readTracked(name, tracked), sockets: readSockets(sockets) };
  }));
  // The socket may be on another node than the one that was dialled.
  const open = new Set(said.flatMap(({ sockets }) => sockets));
  return said.flatMap(({ tracked }) => tracked).filter(({ socket }) => open.has(socket));
}

/** @internal `tcp 6 86400 ESTABLISHED src=… dst=… sport=… dport=… src=… dst=… sport=… dport=…`: as it was dialled, then as it is answered. */
export function readTracked(node: string, text: string): CloudSide[] {
  return text.split('\n').flatMap((line) => {
    const [dialled, answered] = [...line.matchAll(/src=(\S+) dst=(\S+) sport=(\d+) dport=(\d+)/g)];
    const service = cloudServices.find(({ port }) => port === Number(dialled?.[4]));
    if (dialled === undefined || answered === undefined || service === undefined) return [];
    return [{ node, service: service.name, port: Number(dialled[3]), socket: `${answered[1]}:${answered[3]} ${answered[2]}:${answered[4]}` }];
  });
}

/** `0 0 [::ffff:10.244.1.6]:8132 [::ffff:10.244.1.1]:31701` → `10.244.1.6:8132 10.244.1.1:31701` */
const readSockets = (text: string): string[] => text.split('\n').flatMap((line) => {
  const [, , local, peer] = line.trim().split(/\s+/);
  return peer === undefined ? [] : [`${plain(local!)} ${plain(peer)}`];
});

const plain = (address: string): string => address.replace(/^\[::ffff:([\d.]+)\]/, '$1');
