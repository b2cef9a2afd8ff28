import type { KeyPair } from '../../../core/pki.ts';
import { connectSession } from '../common/connect-session.ts';
import { Session, type SessionEnd, type TunnelStream } from '../protocol/index.ts';
import { quick, type World } from './world.ts';

/** An agent that takes streams and never answers, as if each target took for ever to connect to, unless it is told otherwise. */
export class SilentAgent {
  readonly streams: TunnelStream[] = [];
  end: SessionEnd | undefined;
  /** What it does with a stream instead. */
  take: (stream: TunnelStream) => void = (stream) => void this.streams.push(stream);

  /** Comes with whatever certificate it is given; what became of it is in `end`. */
  static async connect(world: World, { certPem, keyPem }: KeyPair, port: number): Promise<SilentAgent> {
    const tls = { cert: certPem, key: keyPem, ca: world.pki.tunnelCa.certPem };
    const socket = await connectSession({ server: { host: '127.0.0.1', port }, tls, timeoutMs: 2000, signal: new AbortController().signal });
    const agent = new SilentAgent();
    const session = new Session(socket, { side: 'tls-client', instance: 'silent', config: quick, handler: { stream: (stream) => agent.take(stream), ended: (end) => { agent.end = end; } } });
    world.stack.defer(() => session.close('CANCELLED', 'the test is over'));
    return agent;
  }
}
