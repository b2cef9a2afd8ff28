import { createServer, type TLSSocket } from 'node:tls';
import { alpnProtocol } from '../protocol/index.ts';
import { TlsPort, type TlsPortOptions } from './tls-port.ts';

/** A port for tunnel sessions. @param accepted told of each connection whose client has a certificate and speaks the protocol */
export function sessionPort(options: Omit<TlsPortOptions, 'create'>, accepted: (socket: TLSSocket) => void): TlsPort {
  return new TlsPort({
    ...options,
    create: (tls) => createServer({ ...tls, ALPNProtocols: [alpnProtocol] }, (socket) => {
      if (socket.alpnProtocol === alpnProtocol) return accepted(socket);
      options.handshakeFailed(new Error(`the client does not speak ${alpnProtocol}`), socket.remoteAddress ?? '');
      socket.on('error', () => {});
      socket.destroy();
    }),
  });
}
