import type { Log } from '../common/log.ts';
import type { ReasonCode } from '../protocol/index.ts';
import type { AgentEvents } from './agents.ts';
import type { ConnectFrontOptions } from './connect-front.ts';
import type { ServerMetrics } from './metrics.ts';
import type { PeersOptions } from './peers.ts';
import type { TlsPortOptions } from './tls-port.ts';
import type { TunnelEvents } from './tunnel-server.ts';

/** What a server's parts tell, as logs and as metrics. */
export interface Observers {
  readonly agents: AgentEvents;
  readonly peers: PeersOptions['events'];
  readonly tunnel: TunnelEvents;
  readonly refused: ConnectFrontOptions['refused'];
  port(name: string): Pick<TlsPortOptions, 'handshakeFailed' | 'troubled'>;
}

export function observers(log: Log, metrics: ServerMetrics): Observers {
  return {
    agents: {
      connected: (node, { peerInstance }) => {
        metrics.agentConnects.inc();
        log.info({ node, agent: peerInstance }, 'agent connected');
      },
      refused: (node, reason) => {
        metrics.agentRefusals.inc();
        log.warn({ node, reason }, 'agent refused');
      },
      ended: (node, { peerInstance }, end) => {
        metrics.sessionEnds.inc({ reason: end.code satisfies ReasonCode });
        log.info({ node, agent: peerInstance, ...end }, 'agent session over');
      },
    },
    peers: {
      connected: (peer) => log.info({ peer }, 'peer connected'),
      ended: (peer, end) => log.info({ peer, ...end }, 'peer session over'),
      failed: ({ name: peer }, error) => log.warn({ peer, reason: (error as Error).message }, 'peer not reached'),
    },
    tunnel: {
      connected: ({ client, target }, via, ms) => {
        metrics.dialSeconds.observe(via, ms / 1000);
        log.debug({ client, target, via, ms }, 'connected');
      },
      done: (stream, error) => {
        metrics.meter.closed(stream);
        log.debug({ stream: stream.id, target: stream.target, sentBytes: stream.sentBytes, receivedBytes: stream.receivedBytes, ...(error && { code: error.code, reason: error.message, by: error.by }) }, 'stream over');
      },
    },
    refused: (client, target, { status, message }) => {
      metrics.connects.inc({ status: String(status), via: 'none' });
      log.warn({ client, target, status, reason: message }, 'not connected');
    },
    port: (port) => ({
      handshakeFailed: (error, from) => {
        metrics.handshakeFailures.inc({ port });
        // Who just goes is most often a load balancer that looks whether the port is open.
        log[error.code === 'ECONNRESET' ? 'debug' : 'warn']({ port, from, reason: error.message }, 'handshake failed');
      },
      troubled: (reason) => log.error({ port, reason }, 'port in trouble'),
    }),
  };
}
