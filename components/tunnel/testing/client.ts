import { once } from 'node:events';
import { connect as tcpConnect, type Socket } from 'node:net';
import { connect } from 'node:tls';
import { until } from './until.ts';

export interface ClientOptions {
  readonly port: number;
  readonly tls: { readonly cert: string; readonly key: string; readonly ca: string };
}

/** An HTTP CONNECT client, as the API server is one, and what it was told. */
export class Client {
  readonly socket: Socket;
  /** Of the status line; 0 until it is here. */
  status = 0;
  reason = '';
  /** What came behind the answer's head. */
  body = Buffer.alloc(0);
  received = 0;
  ended = false;
  error: string | undefined;
  closed = false;
  readonly #tcp: Socket;
  #head = '';

  private constructor(tcp: Socket, socket: Socket) {
    this.#tcp = tcp;
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => this.#data(chunk));
    socket.on('end', () => { this.ended = true; });
    socket.on('error', (error: NodeJS.ErrnoException) => { this.error = error.code ?? error.message; });
    socket.on('close', () => { this.closed = true; });
  }

  /** After the handshake; nothing is asked yet. */
  static async dial({ port, tls }: ClientOptions): Promise<Client> {
    const tcp = tcpConnect({ host: '127.0.0.1', port, allowHalfOpen: true, noDelay: true });
    const socket = connect({ ...tls, socket: tcp, servername: 'edge-tunnel-server' });
    socket.allowHalfOpen = true;
    const client = new Client(tcp, socket);
    await once(socket, 'secureConnect');
    return client;
  }

  /** Over a Unix socket. */
  static async dialUnix(path: string): Promise<Client> {
    const socket = tcpConnect({ path, allowHalfOpen: true });
    const client = new Client(socket, socket);
    await once(socket, 'connect');
    return client;
  }

  /** Asks, and waits for the answer. @param head bytes glued to the request */
  async connect(target: string, head = ''): Promise<this> {
    this.ask(target, head);
    await this.answered();
    return this;
  }

  ask(target: string, head = ''): void {
    this.socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n${head}`);
  }

  async answered(timeoutMs?: number): Promise<void> {
    await until('the CONNECT is answered', () => this.status > 0 || this.ended || this.closed, timeoutMs);
  }

  /** Breaks off, as a process that is killed with bytes to read does: with a TCP reset. */
  breakOff(): void {
    // Node cannot reset what is being ended; with bytes to read the kernel does.
    if (this.socket.writableEnded) this.#tcp.destroy();
    else this.#tcp.resetAndDestroy();
  }

  /** Sends, and waits until as much has come back. */
  async echo(bytes: Buffer | string): Promise<void> {
    const size = Buffer.byteLength(bytes);
    const before = this.received;
    this.socket.write(bytes);
    await until(`${size} bytes come back`, () => this.received >= before + size || this.closed);
    if (this.received < before + size) throw new Error(`${this.received - before} of ${size} bytes came back: ${this.error ?? (this.ended ? 'a clean end' : 'closed')}`);
  }

  /** Whether it was told of a cut: an error, and no end that would pass for the end of what was sent. */
  get wasCut(): boolean {
    return this.closed && this.error !== undefined && !this.ended;
  }

  #data(chunk: Buffer): void {
    if (this.status > 0) return this.#payload(chunk);
    this.#head += chunk.toString('latin1');
    const at = this.#head.indexOf('\r\n\r\n');
    if (at < 0) return;
    const [, status, reason] = /^HTTP\/1\.1 (\d{3}) ?(.*)\r\n/.exec(this.#head) ?? [];
    this.status = Number(status);
    this.reason = reason ?? '';
    if (this.status !== 200) this.socket.end();
    const rest = Buffer.from(this.#head.slice(at + 4), 'latin1');
    if (rest.length > 0) this.#payload(rest);
  }

  #payload(chunk: Buffer): void {
    this.received += chunk.length;
    if (this.body.length < 1 << 16) this.body = Buffer.concat([this.body, chunk]);
  }
}
