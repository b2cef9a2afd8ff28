import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Front, Outcome, RequestHead } from './front/index.ts';
import type { Link } from './link/index.ts';

/** What the hub tells Prometheus of its link and its clients. */
export class HubMetrics {
  readonly registry = new Registry();
  readonly requests = new Counter({ name: 'edge_hub_requests_total', help: 'Requests of clients that are over, by class (watch, read, write, upgrade) and by how they ended.', labelNames: ['class', 'outcome'], registers: [this.registry] });
  readonly seconds = new Histogram({ name: 'edge_hub_request_seconds', help: 'From a request to the end of its answer; without watches and upgrades.', labelNames: ['class'], buckets: [0.002, 0.005, 0.01, 0.025, 0.1, 0.5, 1, 5, 10], registers: [this.registry] });
  readonly linkChanges = new Counter({ name: 'edge_hub_link_changes_total', help: 'Changes of the link\'s state, by what it came to be.', labelNames: ['to'], registers: [this.registry] });
  readonly probes = new Counter({ name: 'edge_hub_probes_total', help: 'Questions whether the API server is there, by whether it was.', labelNames: ['answered'], registers: [this.registry] });
  readonly sessionEnds = new Counter({ name: 'edge_hub_session_ends_total', help: 'Ends of sessions to the API server: drained, or lost.', labelNames: ['via', 'how'], registers: [this.registry] });
  readonly handshakeFailures = new Counter({ name: 'edge_hub_handshake_failures_total', help: 'Clients that did not get past TLS.', registers: [this.registry] });
  readonly upgrades = new Gauge({ name: 'edge_hub_upgrades', help: 'Connections that speak another protocol (exec, port-forward).', registers: [this.registry] });

  constructor(link: Link, front: () => Front | undefined) {
    const registers = [this.registry];
    collectDefaultMetrics({ register: this.registry });
    new Gauge({ name: 'edge_hub_link_connected', help: '1: the API server answers. 0: cut off, or not known yet.', registers, collect() { this.set(link.state.kind === 'connected' ? 1 : 0); } });
    new Gauge({ name: 'edge_hub_link_seconds_since_contact', help: 'Since the API server was last heard; NaN when it never was.', registers, collect() { this.set(link.lastContact === undefined ? NaN : (Date.now() - link.lastContact.getTime()) / 1000); } });
    const perVia = (name: string, help: string, key: 'sessions' | 'streams'): void => {
      new Gauge({ name, help, labelNames: ['via'], registers, collect() { for (const via of ['node', 'bare'] as const) this.set({ via }, link.count(via)[key]); } });
    };
    perVia('edge_hub_upstream_sessions', 'Sessions to the API server, by the certificate that they show.', 'sessions');
    perVia('edge_hub_upstream_streams', 'Requests under way on them.', 'streams');
    new Gauge({ name: 'edge_hub_connections', help: 'Connections of clients.', registers, collect() { this.set(front()?.connectionCount ?? 0); } });
  }

  done(request: RequestHead, outcome: Outcome, ms: number): void {
    const kind = classOf(request);
    this.requests.inc({ class: kind, outcome });
    if (kind === 'read' || kind === 'write') this.seconds.observe({ class: kind }, ms / 1000);
  }
}

function classOf({ method, path, headers }: RequestHead): 'watch' | 'read' | 'write' | 'upgrade' {
  if (headers['upgrade'] !== undefined) return 'upgrade';
  if (method !== 'GET' && method !== 'HEAD') return 'write';
  return /[?&]watch=(true|1)(&|$)/.test(path) ? 'watch' : 'read';
}
