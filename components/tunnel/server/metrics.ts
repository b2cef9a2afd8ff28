import { Counter, Gauge, Registry, collectDefaultMetrics } from 'prom-client';
import { DialTimes } from '../common/dial-times.ts';
import { tellFilesInUse, type FilesInUse } from '../common/files-in-use.ts';
import { StreamMeter } from '../common/stream-meter.ts';
import type { Session } from '../protocol/index.ts';

export interface Observed {
  /** All sessions, agents' and peers'. */
  readonly sessions: () => Iterable<Session>;
  readonly nodes: () => number;
  readonly peers: () => number;
  readonly files: () => FilesInUse;
}

const vias = ['agent', 'peer', 'direct'] as const;
/** The way that a CONNECT went. */
export type Via = (typeof vias)[number];

/** What a server tells Prometheus. */
export class ServerMetrics {
  readonly registry = new Registry();
  readonly meter: StreamMeter;
  readonly agentConnects = new Counter({ name: 'edge_tunnel_server_agent_sessions_total', help: 'Agents that were taken in.', registers: [this.registry] });
  readonly agentRefusals = new Counter({ name: 'edge_tunnel_server_agent_refusals_total', help: 'Agents that were not taken in.', registers: [this.registry] });
  readonly sessionEnds = new Counter({ name: 'edge_tunnel_server_session_ends_total', help: 'Ends of agents\' sessions, by reason.', labelNames: ['reason'], registers: [this.registry] });
  readonly handshakeFailures = new Counter({ name: 'edge_tunnel_server_handshake_failures_total', help: 'Clients that did not get past TLS, by port.', labelNames: ['port'], registers: [this.registry] });
  readonly dialSeconds = new DialTimes(this.registry, vias, { help: 'From a CONNECT to its 200, by the way it went.', bounds: [0.001, 0.002, 0.005, 0.01, 0.025, 0.1, 0.5, 1, 5] });
  /** Refused ones are counted here as they come, answered ones with their times. */
  readonly connects: Counter<'status' | 'via'>;

  constructor(observed: Observed) {
    const registers = [this.registry];
    collectDefaultMetrics({ register: this.registry });
    const { dialSeconds } = this;
    const told = new Map<Via, number>();
    this.connects = new Counter({
      name: 'edge_tunnel_server_connects_total',
      help: 'CONNECTs answered, by status and by the way they went.',
      labelNames: ['status', 'via'],
      registers,
      collect() {
        for (const via of vias) {
          const since = dialSeconds.count(via) - (told.get(via) ?? 0);
          if (since > 0) this.inc({ status: '200', via }, since);
          told.set(via, dialSeconds.count(via));
        }
      },
    });
    tellFilesInUse(this.registry, observed.files);
    this.meter = new StreamMeter(this.registry, observed.sessions);
    new Gauge({ name: 'edge_tunnel_server_nodes', help: 'Nodes with a session here.', registers, collect() { this.set(observed.nodes()); } });
    new Gauge({ name: 'edge_tunnel_server_peers', help: 'Sessions to other servers.', registers, collect() { this.set(observed.peers()); } });
  }
}
