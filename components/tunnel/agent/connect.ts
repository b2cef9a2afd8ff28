import { once } from 'node:events';
import { connect as tlsConnect, type TLSSocket } from 'node:tls';
import type { HostPort } from '../common/host-port.ts';
import { serverName, tlsPolicy } from '../common/tls.ts';
import { EdgeproofError } from '../../../core/errors.ts';
import { alpnProtocol } from '../protocol/index.ts';

export interface ConnectOptions {
  readonly server: HostPort;
  readonly tls: Readonly<Record<'cert' | 'key' | 'ca', string>>;
  /** TCP and TLS together. Milliseconds. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * Dials a tunnel server through the load balancer and verifies that it is one.
 *
 * @throws EdgeproofError `LINK_TIMEOUT`, `LINK_FAILED`, `WRONG_PROTOCOL`
 */
export async function connectToServer({ server, tls, timeoutMs, signal }: ConnectOptions): Promise<TLSSocket> {
  const deadline = AbortSignal.timeout(timeoutMs);
  const socket = tlsConnect({ ...tlsPolicy, ...tls, host: server.host, port: server.port, servername: serverName, ALPNProtocols: [alpnProtocol] });
  try {
    await once(socket, 'secureConnect', { signal: AbortSignal.any([signal, deadline]) });
  } catch (cause) {
    socket.on('error', () => {});
    socket.destroy();
    const where = `${server.host}:${server.port}`;
    if (deadline.aborted && !signal.aborted) throw new EdgeproofError('LINK_TIMEOUT', `${where} gave no TLS session within ${timeoutMs / 1000} s`);
    throw new EdgeproofError('LINK_FAILED', `${where}: ${(cause as NodeJS.ErrnoException).code ?? (cause as Error).message}`, { cause });
  }
  if (socket.alpnProtocol !== alpnProtocol) {
    socket.destroy();
    throw new EdgeproofError('WRONG_PROTOCOL', `${server.host}:${server.port} does not speak ${alpnProtocol}`, { next: 'upgrade the tunnel servers first' });
  }
  return socket;
}
