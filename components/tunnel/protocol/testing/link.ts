import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A TCP link between two ports that can be made silent, reset or closed: a WAN in small. */
export class Link implements AsyncDisposable {
  readonly #server = createServer({ allowHalfOpen: true, noDelay: true });
  readonly #sockets = new Set<Socket>();
  #silent = false;

  static async to(port: number): Promise<Link> {
    const link = new Link();
    link.#server.on('connection', (near) => {
      const far = connect({ host: '127.0.0.1', port, allowHalfOpen: true, noDelay: true });
      for (const [from, to] of [[near, far], [far, near]] as const) {
        link.#sockets.add(from);
        from.on('error', () => to.destroy());
        from.on('close', () => link.#sockets.delete(from));
        from.pipe(to);
        if (link.#silent) from.pause();
      }
    });
    await once(link.#server.listen(0, '127.0.0.1'), 'listening');
    return link;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Nothing passes any more, and nobody is told. */
  silence(): void {
    this.#silent = true;
    for (const socket of this.#sockets) socket.unpipe().pause();
  }

  reset(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Both ends see the end of the TCP connection, and no close_notify. */
  close(): void {
    for (const socket of this.#sockets) socket.unpipe().end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
