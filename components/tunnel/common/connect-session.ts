import { once } from 'node:events';
import { connect, type TLSSocket } from 'node:tls';
import { EdgeproofError } from '../../../core/errors.ts';
import { alpnProtocol } from '../protocol/index.ts';
import { formatHostPort, type HostPort } from './host-port.ts';
import { serverName, tlsPolicy, type TlsFiles } from './tls.ts';

export interface ConnectSessionOptions {
  readonly server: HostPort;
  readonly tls: TlsFiles;
  /** TCP and TLS together. Milliseconds. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * Dials a tunnel server, at whatever address, and verifies that it is one. TLS 1.3 is done at this end before the server
 * has looked at this end's certificate: a server that refuses it says so as the end of the connection.
 *
 * @throws EdgeproofError `LINK_TIMEOUT`, `LINK_FAILED`, `WRONG_PROTOCOL`
 */
export async function connectSession({ server, tls, timeoutMs, signal }: ConnectSessionOptions): Promise<TLSSocket> {
  const { cert, key, ca } = tls;
  const where = formatHostPort(server);
  const deadline = AbortSignal.timeout(timeoutMs);
  const socket = connect({ ...tlsPolicy, cert, key, ca, host: server.host, port: server.port, servername: serverName, ALPNProtocols: [alpnProtocol] });
  try {
    await once(socket, 'secureConnect', { signal: AbortSignal.any([signal, deadline]) });
    signal.throwIfAborted();
  } catch (cause) {
    socket.on('error', () => {});
    socket.destroy();
    if (deadline.aborted && !signal.aborted) throw new EdgeproofError('LINK_TIMEOUT', `${where} gave no TLS session within ${timeoutMs / 1000} s`);
    throw new EdgeproofError('LINK_FAILED', `${where}: ${(cause as NodeJS.ErrnoException).code ?? (cause as Error).message}`, { cause });
  }
  if (socket.alpnProtocol !== alpnProtocol) {
    socket.destroy();
    throw new EdgeproofError('WRONG_PROTOCOL', `${where} does not speak ${alpnProtocol}`, { next: 'upgrade the tunnel servers first' });
  }
  return socket;
}
