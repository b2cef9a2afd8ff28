import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { cut } from '../protocol/index.ts';

/** Something to be reached through the tunnel: it sends back what it gets, and ends when its client has. */
export class Origin implements AsyncDisposable {
  readonly sockets = new Set<Socket>();
  accepted = 0;
  readonly #server: Server;

  private constructor(serve: (socket: Socket) => void) {
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      this.accepted += 1;
      this.sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => this.sockets.delete(socket));
      serve(socket);
    });
  }

  static async listen(options: { readonly host?: string; readonly port?: number; readonly serve?: (socket: Socket) => void } = {}): Promise<Origin> {
    const origin = new Origin(options.serve ?? ((socket) => void socket.pipe(socket)));
    await once(origin.#server.listen(options.port ?? 0, options.host ?? '127.0.0.1'), 'listening');
    return origin;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Breaks off all connections that there are. */
  cutAll(): void {
    for (const socket of this.sockets) cut(socket);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
