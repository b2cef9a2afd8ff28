import { Counter, Registry, collectDefaultMetrics } from 'prom-client';
import { DialTimes } from '../common/dial-times.ts';
import { tellFilesInUse, type FilesInUse } from '../common/files-in-use.ts';
import { StreamMeter } from '../common/stream-meter.ts';
import type { Session } from '../protocol/index.ts';

/** What an agent tells Prometheus. */
export class AgentMetrics {
  readonly registry = new Registry();
  readonly meter: StreamMeter;
  readonly connects = new Counter({ name: 'edge_tunnel_agent_connects_total', help: 'Sessions opened to tunnel servers.', registers: [this.registry] });
  readonly connectFailures = new Counter({ name: 'edge_tunnel_agent_connect_failures_total', help: 'Dials of tunnel servers that gave no session, by reason.', labelNames: ['reason'], registers: [this.registry] });
  readonly dialSeconds = new DialTimes(this.registry, [''], { help: 'Time to connect to a target.', bounds: [0.001, 0.005, 0.025, 0.1, 0.5, 1, 5] });
  readonly refused = new Counter({ name: 'edge_tunnel_dial_failures_total', help: 'Streams that did not reach their target, by reason.', labelNames: ['reason'], registers: [this.registry] });

  constructor(sessions: () => Iterable<Session>, files: () => FilesInUse) {
    collectDefaultMetrics({ register: this.registry });
    tellFilesInUse(this.registry, files);
    this.meter = new StreamMeter(this.registry, sessions);
  }
}
