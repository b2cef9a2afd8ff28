import { once } from 'node:events';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { inClusterAccess } from '../kube/in-cluster.ts';
import { flag, parseFlags } from '../tunnel/common/flags.ts';
import { startHealth } from '../tunnel/common/health.ts';
import { createLog } from '../tunnel/common/log.ts';
import { runMain } from '../tunnel/common/run-main.ts';
import { nodeAccess } from './common/node-access.ts';
import { defaultDataDir, defaultSocket, startReconciler } from './ipam/index.ts';
import { NodeApi, NodeNetwork, startVtepKeeper } from './vtep/index.ts';

/** The resident of a node's network: what needs to know more than one call of a CNI plugin does. */
const flags = {
  nodeName: flag.text,
  /** The node's hub, or the API server. Left out: as a Pod finds it, with a ServiceAccount that may list and watch Pods. */
  server: flag.remote.optional(),
  /** PEM: who signs it. */
  ca: flag.text.default('/var/lib/edge-hub/pki/trusted.crt'),
  /** PEM: the kubelet's certificate and key, in one file. It may come later. */
  nodeCertificate: flag.text.default('/var/lib/kubelet/pki/kubelet-client-current.pem'),
  /** PID of a process that sees the mounts of the container runtime: without them nobody can tell which sandboxes are there. */
  mountsOf: flag.text.default('1'),
  ipamSocket: flag.socketPath.default(defaultSocket),
  ipamData: flag.text.default(defaultDataDir),
  /** Where the node's VTEP is remembered. Left out: its MAC is nobody's business here. It takes `--server`. */
  vtepState: flag.text.optional(),
  health: flag.listen('127.0.0.1', 10_273),
  logLevel: flag.logLevel,
} as const;

/** What a predecessor's port may take to come free. Milliseconds. */
const takenForMs = 10_000;

await runMain('edge-network', async (signal) => {
  const { nodeName, server, ca, nodeCertificate, mountsOf, ipamData, ipamSocket, vtepState, health, logLevel } = parseFlags(flags, process.argv.slice(2));
  const log = createLog('edge-network', logLevel, { node: nodeName });
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const access = server === undefined ? inClusterAccess() : nodeAccess({ ...server, ca, nodeCertificate });
  await using reconciler = await startReconciler({ access, nodeName, dataDir: ipamData, socket: ipamSocket, log, registry, mountsOf });
  await using keeper = server === undefined || vtepState === undefined ? undefined : startVtepKeeper({ nodeName, network: new NodeNetwork({ signal }), api: new NodeApi({ ...server, ca, nodeCertificate, nodeName }), stateFile: vtepState, log, registry, signal });
  await using _health = await startHealth({ ...health, registry, notReady: () => reconciler.notReady ?? keeper?.notReady, takenForMs });
  if (!signal.aborted) await once(signal, 'abort');
});
