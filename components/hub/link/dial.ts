import { once } from 'node:events';
import { connect as tcpConnect } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { formatHostPort, type HostPort } from '../../tunnel/common/host-port.ts';
import type { LinkIdentity } from './credentials.ts';
import { clientGone, notSent, reasonOf } from './link-error.ts';

export interface DialOptions {
  readonly server: HostPort;
  /** The name that the server's certificate must have. Default: the host that is dialled. */
  readonly serverName?: string;
  readonly identity: LinkIdentity;
  readonly protocol: 'h2' | 'http/1.1';
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** What dead hosts cost that nothing else finds. Milliseconds. */
const keepAliveMs = 30_000;

/**
 * TCP and TLS to the API server, which is verified. Half-close passes on HTTP/1.1 connections.
 *
 * @throws LinkError `UNREACHABLE`; `CLIENT_GONE` when it was cancelled
 */
export async function dial({ server, serverName, identity, protocol, timeoutMs, signal }: DialOptions): Promise<TLSSocket> {
  const deadline = AbortSignal.timeout(timeoutMs);
  const tcp = tcpConnect({ host: server.host, port: server.port, noDelay: true, keepAlive: true, keepAliveInitialDelay: keepAliveMs, allowHalfOpen: protocol === 'http/1.1' });
  const socket = connect({ ...identity, socket: tcp, host: serverName ?? server.host, ...(serverName !== undefined && { servername: serverName }), ALPNProtocols: [protocol], minVersion: 'TLSv1.2' });
  try {
    await once(socket, 'secureConnect', { signal: AbortSignal.any([signal, deadline]) });
    signal.throwIfAborted();
  } catch (cause) {
    socket.on('error', () => {}).destroy();
    tcp.on('error', () => {}).destroy();
    if (signal.aborted) throw clientGone();
    if (deadline.aborted) throw notSent('UNREACHABLE', `${formatHostPort(server)} gave no TLS session within ${timeoutMs / 1000} s`);
    throw notSent('UNREACHABLE', `${formatHostPort(server)}: ${reasonOf(cause)}`, cause);
  }
  // A server that does not choose speaks HTTP/1.1.
  if ((socket.alpnProtocol || 'http/1.1') !== protocol) {
    socket.destroy();
    throw notSent('UNREACHABLE', `${formatHostPort(server)} does not speak ${protocol === 'h2' ? 'HTTP/2' : 'HTTP/1.1'}`);
  }
  return socket;
}
