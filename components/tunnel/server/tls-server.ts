import { createServer, type Server, type TLSSocket } from 'node:tls';
import type { WatchedFiles } from '../common/watched-files.ts';
import { handshakeTimeoutMs, tlsPolicy } from '../common/tls.ts';
import { alpnProtocol } from '../protocol/index.ts';

/** This server's certificate and key, and who signs the clients of one of its ports. PEM. */
export type ServerFiles = WatchedFiles<'cert' | 'key' | 'clientCa'>;

export const secureContextOf = ({ content }: ServerFiles): { cert: string; key: string; ca: string } => ({ cert: content.cert, key: content.key, ca: content.clientCa });

/**
 * A port for tunnel sessions. Only clients with a certificate of the files' CA get as far as `accepted`.
 *
 * @param failed told of handshakes that failed: an error, and where from
 */
export function sessionServer(files: ServerFiles, accepted: (socket: TLSSocket) => void, failed: (error: Error, from: string) => void): Server {
  const server = createServer({
    ...tlsPolicy,
    ...secureContextOf(files),
    requestCert: true,
    rejectUnauthorized: true,
    handshakeTimeout: handshakeTimeoutMs,
    ALPNProtocols: [alpnProtocol],
    // A resumed session would skip the look at a certificate that was revoked meanwhile.
    sessionTimeout: 1,
  }, (socket) => {
    if (socket.alpnProtocol === alpnProtocol) return accepted(socket);
    socket.on('error', () => {});
    socket.destroy();
    failed(new Error(`the client does not speak ${alpnProtocol}`), socket.remoteAddress ?? '');
  });
  server.on('tlsClientError', (error, socket) => failed(error, socket.remoteAddress ?? ''));
  return server;
}
