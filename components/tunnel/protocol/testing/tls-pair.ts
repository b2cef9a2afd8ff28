import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type TLSSocket } from 'node:tls';
import { alpnProtocol } from '../frame.ts';
import { certificates } from './certificates.ts';
import { Link } from './link.ts';

/** A TLS 1.3 listener with mTLS on loopback, and a dialler for it. Ends all its sockets with itself. */
export class TlsPort implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets: TLSSocket[] = [];

  private constructor(server: Server) {
    this.#server = server;
  }

  static async open(): Promise<TlsPort> {
    const { ca, server } = await certificates();
    const listener = createServer({ ca, cert: server.certPem, key: server.keyPem, requestCert: true, minVersion: 'TLSv1.3', ALPNProtocols: [alpnProtocol] });
    await once(listener.listen(0, '127.0.0.1'), 'listening');
    return new TlsPort(listener);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** @param port another one that leads here @returns both ends of one connection, after the handshake */
  async connection(port = this.port): Promise<{ readonly server: TLSSocket; readonly client: TLSSocket }> {
    const { ca, client: own } = await certificates();
    const client = connect({ host: '127.0.0.1', port, servername: 'tunnel.test', ca, cert: own.certPem, key: own.keyPem, ALPNProtocols: [alpnProtocol] });
    const [[server]] = (await Promise.all([once(this.#server, 'secureConnection'), once(client, 'secureConnect')])) as [[TLSSocket], unknown];
    for (const socket of [server, client]) socket.on('error', () => {});
    this.#sockets.push(server, client);
    return { server, client };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** A connection through a link that can be broken. */
export async function linkedConnection(stack: AsyncDisposableStack): Promise<{ server: TLSSocket; client: TLSSocket; link: Link }> {
  const port = stack.use(await TlsPort.open());
  const link = stack.use(await Link.to(port.port));
  return { ...(await port.connection(link.port)), link };
}
