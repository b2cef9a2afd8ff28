import { cloudNodes, type ClusterState } from '../cluster/state.ts';
import type { Docker } from '../docker/docker.ts';
import { cloudServices, type CloudService } from '../wan/services.ts';
import { readConnections, socketsScript, type Socket } from './sockets.ts';

/** An open connection of an edge node, or of a Pod on it, to a service of the cloud. */
export interface EdgeSide {
  readonly node: string;
  readonly service: CloudService['name'];
  readonly socket: Socket;
}

const timeoutMs = 10_000;

/** Its key: `dev-worker2 10.0.0.3:4711 → 10.0.0.2:6443`; of a Pod as the Pod sees it, which may have dialled a Service. */
export const describeEdgeSide = ({ node, socket }: EdgeSide): string => `${node} ${socket.local} → ${socket.peer}`;

/**
 * The connections that an edge node and its Pods hold to services of the cloud, whatever they have dialled: a cloud node's
 * address, or a Service that stands for one.
 *
 * @throws ExecError when the node does not answer, or cannot tell what it tracks
 */
export async function edgeSideOf(docker: Docker, cluster: ClusterState, node: string, signal?: AbortSignal): Promise<EdgeSide[]> {
  const { stdout } = await docker.exec(node, ['sh', '-c', socketsScript(), 'edgeproof'], { timeoutMs, ...(signal && { signal }) });
  const { tracked, sockets } = readConnections(stdout);
  const services = new Map(cloudNodes(cluster).flatMap(({ address }) => cloudServices.map(({ name, port }): [string, CloudService['name']] => [`${address}:${port}`, name])));
  const behind = new Map(tracked.map(({ from, to, answeredBy }) => [`${from} ${to}`, answeredBy]));
  return sockets.flatMap((socket) => {
    const service = services.get(behind.get(`${socket.local} ${socket.peer}`) ?? socket.peer);
    return service === undefined ? [] : [{ node, service, socket }];
  });
}

/** Arguments: of each connection its namespace, and both of its ends. A kernel without `INET_DIAG_DESTROY` leaves it as it is. */
const resetScript = `
while [ $# -ge 3 ]; do
  if [ "$1" = node ]; then
    ss --kill --tcp --numeric --no-header src "$2" dst "$3"
  else
    nsenter --net="$1" ss --kill --tcp --numeric --no-header src "$2" dst "$3" || [ ! -e "$1" ] || exit
  fi
  shift 3
done`;

/** Resets connections of one node: both ends get an error. */
export async function resetEdgeSide(docker: Docker, node: string, connections: readonly EdgeSide[], signal?: AbortSignal): Promise<void> {
  const args = connections.flatMap(({ socket: { netns, raw } }) => [netns, raw.local, raw.peer]);
  if (args.length > 0) await docker.exec(node, ['sh', '-c', resetScript, 'edgeproof', ...args], { timeoutMs, ...(signal && { signal }) });
}
