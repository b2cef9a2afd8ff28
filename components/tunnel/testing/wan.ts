import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** What lies between agents and servers: a load balancer behind a link that breaks in all the ways that links do. */
export class Wan implements AsyncDisposable {
  readonly #server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => this.#accept(near));
  readonly #sockets = new Set<Socket>();
  #to: number;
  #state: 'up' | 'silent' | 'down' = 'up';

  private constructor(to: number) {
    this.#to = to;
  }

  static async to(port: number): Promise<Wan> {
    const wan = new Wan(port);
    await once(wan.#server.listen(0, '127.0.0.1'), 'listening');
    return wan;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** New connections go there. */
  leadTo(port: number): void {
    this.#to = port;
  }

  /** Nothing passes any more, and nobody is told; new connections are taken, and nothing passes on them either. */
  silence(): void {
    this.#state = 'silent';
    for (const socket of this.#sockets) socket.unpipe().pause();
  }

  /** All connections are cut; new ones are cut as soon as they come. */
  down(how: 'reset' | 'close' = 'reset'): void {
    this.#state = 'down';
    for (const socket of this.#sockets) {
      if (how === 'reset') socket.resetAndDestroy();
      else socket.unpipe().end();
    }
  }

  /** New connections pass. Those that were there before stay as they are: a link that was silent has lost their packets. */
  up(): void {
    this.#state = 'up';
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #accept(near: Socket): void {
    near.on('error', () => {});
    if (this.#state === 'down') return void near.resetAndDestroy();
    const far = this.#state === 'silent' ? undefined : connect({ host: '127.0.0.1', port: this.#to, allowHalfOpen: true, noDelay: true });
    for (const [from, to] of [[near, far], [far, near]] as const) {
      if (from === undefined) continue;
      this.#sockets.add(from);
      from.on('error', () => to?.destroy());
      from.on('close', () => this.#sockets.delete(from));
      if (to !== undefined) from.pipe(to);
    }
  }
}
