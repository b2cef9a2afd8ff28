import { once } from 'node:events';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { flag, parseFlags } from '../../tunnel/common/flags.ts';
import { startHealth } from '../../tunnel/common/health.ts';
import { createLog } from '../../tunnel/common/log.ts';
import { runMain } from '../../tunnel/common/run-main.ts';
import { NodeApi, NodeNetwork, startVtepKeeper } from './index.ts';

/** The keeper alone, for tests and trials: on a node it is a part of edge-network. */
const flags = {
  nodeName: flag.text,
  /** The node's hub, or the API server. */
  server: flag.remote,
  /** PEM: who signs it. */
  ca: flag.text,
  /** PEM: the kubelet's certificate and key, in one file. It may come later. */
  nodeCertificate: flag.text.default('/var/lib/kubelet/pki/kubelet-client-current.pem'),
  state: flag.text.default('/var/lib/edge-network/vtep.json'),
  health: flag.listen('127.0.0.1', 10_276),
  logLevel: flag.logLevel,
} as const;

await runMain('edge-vtep', async (signal) => {
  const { nodeName, server, ca, nodeCertificate, state, health, logLevel } = parseFlags(flags, process.argv.slice(2));
  const log = createLog('edge-vtep', logLevel, { node: nodeName });
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  await using keeper = startVtepKeeper({ nodeName, network: new NodeNetwork({ signal }), api: new NodeApi({ ...server, ca, nodeCertificate, nodeName }), stateFile: state, log, registry, signal });
  await using _health = await startHealth({ ...health, registry, notReady: () => keeper.notReady });
  if (!signal.aborted) await once(signal, 'abort');
});
