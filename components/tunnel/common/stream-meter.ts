import { Counter, Gauge, type Registry } from 'prom-client';
import type { Session, TunnelStream } from '../protocol/index.ts';

/** Counts what streams carry: read off the live ones at each scrape, so that the data path counts nothing twice. */
export class StreamMeter {
  #closed = { sent: 0, received: 0, stalls: 0 };
  #told = { sent: 0, received: 0, stalls: 0 };

  constructor(registry: Registry, sessions: () => Iterable<Session>) {
    const registers = [registry];
    new Gauge({ name: 'edge_tunnel_sessions', help: 'Sessions that are open.', registers, collect() { this.set([...sessions()].length); } });
    new Gauge({ name: 'edge_tunnel_streams', help: 'Streams that are open.', registers, collect() { this.set([...sessions()].reduce((sum, { streamCount }) => sum + streamCount, 0)); } });
    new Gauge({ name: 'edge_tunnel_promised_bytes', help: 'Credit given to peers: the most that their streams may come to hold here.', registers, collect() { this.set([...sessions()].reduce((sum, { promisedBytes }) => sum + promisedBytes, 0)); } });
    const meter = this;
    const byName = (key: 'sent' | 'received' | 'stalls', name: string, help: string): void => {
      new Counter({ name, help, registers, collect() { this.inc(meter.#since(key, sessions())); } });
    };
    byName('sent', 'edge_tunnel_sent_bytes_total', 'Bytes of streams sent to peers.');
    byName('received', 'edge_tunnel_received_bytes_total', 'Bytes of streams received from peers.');
    byName('stalls', 'edge_tunnel_credit_stalls_total', 'Times that a stream had bytes to send and no credit.');
  }

  /** A stream is over: what it carried stays counted. */
  closed(stream: TunnelStream): void {
    this.#closed.sent += stream.sentBytes;
    this.#closed.received += stream.receivedBytes;
    this.#closed.stalls += stream.stalls;
  }

  #since(key: 'sent' | 'received' | 'stalls', sessions: Iterable<Session>): number {
    const of = (stream: TunnelStream): number => ({ sent: stream.sentBytes, received: stream.receivedBytes, stalls: stream.stalls })[key];
    let total = this.#closed[key];
    for (const session of sessions) for (const stream of session.streams) total += of(stream);
    const since = Math.max(0, total - this.#told[key]);
    this.#told[key] += since;
    return since;
  }
}
