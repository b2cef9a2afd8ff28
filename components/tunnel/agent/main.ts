import { flag, parseFlags } from '../common/flags.ts';
import { startHealth } from '../common/health.ts';
import type { HostPort } from '../common/host-port.ts';
import { createLog, type Log } from '../common/log.ts';
import { runMain } from '../common/run-main.ts';
import { Agent } from './agent.ts';
import { Credentials } from './credentials.ts';

const flags = {
  /** The load balancer in front of the tunnel servers. */
  server: flag.remote,
  /** PEM files: the kubelet's client certificate and key, and who signs tunnel servers. */
  cert: flag.text,
  key: flag.text,
  ca: flag.text,
  kubelet: flag.remote.default({ host: '127.0.0.1', port: 10_250 }),
  /** The bridge of this node's Pods; without it no Pod is dialled. */
  podInterface: flag.optionalText,
  health: flag.listen('127.0.0.1', 10_271),
  /** The longest wait between two dials of the server: after a black hole, with what is left of a dial that hangs, under 5 s. */
  reconnectCapMs: flag.ms(2500),
  connectTimeoutMs: flag.ms(4000),
  /** How long streams may go on after SIGTERM. */
  drainMs: flag.ms(20_000),
  /** How often the certificate files are looked at. */
  refreshMs: flag.ms(1000),
  /** All streams' buffers together. */
  memoryBytes: flag.bytes(64 * 1024 * 1024),
  logLevel: flag.logLevel,
} as const;

/** What a process may take to end after its drain. Milliseconds. */
const graceMs = 10_000;

await runMain('edge-tunnel-agent', async (signal) => {
  const { cert, key, ca, health, drainMs, logLevel, podInterface, ...options } = parseFlags(flags, process.argv.slice(2));
  const credentials = new Credentials({ cert, key, ca }, (reason) => log.warn({ reason }, 'new certificates are not used'));
  const log = createLog('edge-tunnel-agent', logLevel, { node: credentials.nodeName });
  const agent = new Agent({ ...options, log, credentials, ...(podInterface !== undefined && { podInterface }) });
  await Promise.race([agent.run(signal, drainMs), withHealth(agent, health, drainMs, log)]);
});

/**
 * On the node's own network, a predecessor that was deleted by force holds the port while it drains. The tunnel does not
 * wait for it; that this agent is ready is told late.
 *
 * @returns never
 * @throws the system's error for a port that cannot be had
 */
async function withHealth(agent: Agent, address: HostPort, drainMs: number, log: Log): Promise<never> {
  await startHealth({
    ...address,
    registry: agent.metrics,
    notReady: () => agent.notReady,
    takenForMs: drainMs + graceMs,
    taken: () => log.warn({ port: address.port }, 'the health port is taken, by an agent that is being stopped perhaps: waiting for it'),
  });
  return await new Promise<never>(() => {});
}
