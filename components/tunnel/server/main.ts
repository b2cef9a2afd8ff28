import { once } from 'node:events';
import { hostname } from 'node:os';
import { UsageError } from '../../../core/errors.ts';
import { inClusterAccess } from '../../kube/in-cluster.ts';
import { listWatch } from '../../kube/list-watch.ts';
import { flag, parseFlags } from '../common/flags.ts';
import { startHealth } from '../common/health.ts';
import { createLog } from '../common/log.ts';
import { runMain } from '../common/run-main.ts';
import { keepOfNode, type KubeNode } from './node-directory.ts';
import { peersIn, type KubeEndpointSlice } from './peer-slices.ts';
import type { Reach } from './router.ts';
import { RunningServer } from './serve.ts';

const flags = {
  connect: flag.listen('', 8131),
  /** A Unix socket for CONNECTs, for an API server on the same machine. */
  connectSocket: flag.socketPath.optional(),
  agents: flag.listen('', 8132),
  peers: flag.listen('', 8133),
  health: flag.listen('', 8134),
  /** PEM: this server's certificate and key, who signed it and its clients, and who signs kubelets. */
  cert: flag.text,
  key: flag.text,
  ca: flag.text,
  /** PEM: what agents are shown instead, by an authority of their own. */
  agentsCert: flag.optionalText,
  agentsKey: flag.optionalText,
  nodeCa: flag.text,
  /** PEM: certificates of nodes that are no longer accepted. The file may be missing. */
  crl: flag.optionalText,
  /** Common names of clients: those that reach all of the cluster, and those that reach kubelets. */
  clusterClients: flag.list,
  kubeletClients: flag.list,
  edgeLabel: flag.label,
  kubeletPort: flag.port(10_250),
  directCidrs: flag.cidrs,
  namespace: flag.text,
  /** The headless Service whose EndpointSlices list all servers. */
  peerService: flag.text,
  /** With the half second that an answer may take, and kubectl's own time: under 5 s. At 4000, kubectl was seen to take 4.73 s; at 3500, 4.09 s. */
  dialMs: flag.ms(3000),
  drainMs: flag.ms(600_000),
  /** How often files, and the certificates of sessions, are looked at. */
  refreshMs: flag.ms(1000),
  /** All streams' buffers together, and those of one session. */
  memoryBytes: flag.bytes(256 * 1024 * 1024),
  sessionMemoryBytes: flag.bytes(64 * 1024 * 1024),
  logLevel: flag.logLevel,
} as const;

/** Until every kube-proxy has heard that this Pod is no endpoint any more. Milliseconds. */
const forgottenMs = 3000;

await runMain('edge-tunnel-server', async (signal) => {
  const { connect, agents, peers, health, namespace, peerService, clusterClients, kubeletClients, cert, key, ca, agentsCert, agentsKey, nodeCa, crl, sessionMemoryBytes, drainMs, logLevel, ...options } = parseFlags(flags, process.argv.slice(2));
  const clients = new Map<string, Reach>([...kubeletClients.map((name) => [name, 'kubelets'] as const), ...clusterClients.map((name) => [name, 'cluster'] as const)]);
  if (clients.size === 0) throw new UsageError('--cluster-clients and --kubelet-clients let nobody in');
  if ((agentsCert === undefined) !== (agentsKey === undefined)) throw new UsageError('--agents-cert and --agents-key go together');
  const access = inClusterAccess();
  const instance = hostname(); // the Pod's name
  const log = createLog('edge-tunnel-server', logLevel, { instance });
  const server = await RunningServer.start({
    ...options,
    instance,
    log,
    clients,
    listen: { connect, agents, peers },
    paths: { cert, key, ca, nodeCa, ...(crl !== undefined && { crl }), ...(agentsCert !== undefined && agentsKey !== undefined && { agentsCert, agentsKey }) },
    session: { sessionMemoryBytes },
  });
  await using _health = await startHealth({ ...health, registry: server.metrics, notReady: () => server.notReady });
  const watches = new AbortController();
  const failed = (error: unknown): void => log.warn({ reason: (error as Error).message }, 'watch failed');
  void listWatch<KubeNode>({ access, path: '/api/v1/nodes', signal: watches.signal, failed, keep: keepOfNode, changed: (nodes) => server.setNodes(nodes.values()) });
  const slices = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices?labelSelector=${encodeURIComponent(`kubernetes.io/service-name=${peerService}`)}`;
  void listWatch<KubeEndpointSlice>({ access, path: slices, signal: watches.signal, failed, changed: (found) => server.setPeers(peersIn(found.values())) });
  if (!signal.aborted) await once(signal, 'abort');
  await server.drain(drainMs, forgottenMs);
  watches.abort();
});
