import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createServer, type Server, type TLSSocket, type TlsOptions } from 'node:tls';
import { formatHostPort, type HostPort } from '../../tunnel/common/host-port.ts';
import { Http1 } from './http1.ts';
import { Http2 } from './http2.ts';
import { certificateOf } from './identity.ts';
import { defaultLimits, type FrontLimits } from './limits.ts';
import { answerStatus } from './status.ts';
import type { FrontHandler, FrontRequest, FrontUpgrade, RequestHead } from './request.ts';

/** What TLS needs, and what may be replaced while it runs. PEM. */
export interface FrontCredentials {
  /** Read anew for each `refresh`. `clientCa`: who signs client certificates. */
  readonly content: { readonly cert: string; readonly key: string; readonly clientCa: string };
  /** @returns whether anything is different */
  refresh(): Promise<boolean>;
}

export interface FrontOptions {
  readonly listen: readonly HostPort[];
  readonly credentials: FrontCredentials;
  /** Whose certificate is that of the node's own kubelet. */
  readonly nodeName: string;
  readonly handler: FrontHandler;
  readonly limits?: Partial<FrontLimits>;
  /** How often the credentials are looked at. Milliseconds. Default: 10,000. */
  readonly refreshMs?: number;
  readonly events: FrontEvents;
}

/** For logs and metrics. */
export interface FrontEvents {
  handshakeFailed(reason: string, from: string): void;
  /** Something is wrong with a listener or its files, and it goes on. */
  troubled(reason: string): void;
  /** A handler threw. */
  failed(request: RequestHead, error: unknown): void;
}

/** How often an address that cannot be had (yet) is asked for. Milliseconds. */
const askAgainMs = 500;

/** What the node's clients talk to: TLS on several addresses, HTTP/2 and HTTP/1.1. */
export class Front implements AsyncDisposable {
  readonly #options: FrontOptions;
  readonly #limits: FrontLimits;
  readonly #http1: Http1;
  readonly #http2: Http2;
  readonly #connections = new Set<Socket>();
  readonly #listeners = new Map<HostPort, Server>();
  readonly #stopped = new AbortController();
  readonly #refresh: NodeJS.Timeout;

  private constructor(options: FrontOptions) {
    this.#options = options;
    this.#limits = { ...defaultLimits, ...options.limits };
    const handler: FrontHandler = {
      handle: async (request) => await this.#guard(request, options.handler.handle(request)),
      upgrade: async (upgrade) => await this.#guard(upgrade, options.handler.upgrade(upgrade)),
    };
    this.#http1 = new Http1(handler, this.#limits);
    this.#http2 = new Http2(handler, this.#limits);
    this.#refresh = setInterval(() => void this.#refreshCredentials(), options.refreshMs ?? 10_000);
  }

  /**
   * Listens on what addresses there are. One that is missing (a device that comes later, a predecessor that still holds the port) is
   * asked for again and again.
   */
  static async start(options: FrontOptions): Promise<Front> {
    const front = new Front(options);
    await Promise.all(options.listen.map(async (address) => {
      if (!(await front.#listen(address, true))) void front.#keepAsking(address);
    }));
    return front;
  }

  /** Why clients cannot come, or undefined. */
  get notReady(): string | undefined {
    const missing = this.#options.listen.filter((address) => !this.#listeners.has(address));
    return missing.length === 0 ? undefined : `not listening on ${missing.map(formatHostPort).join(', ')}`;
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  /** The port of an address, in the order of the options. */
  port(index = 0): number {
    return (this.#listeners.get(this.#options.listen[index]!)?.address() as AddressInfo).port;
  }

  /** Takes no more; what is under way may go on for `drainMs`. */
  async stop(drainMs: number): Promise<void> {
    clearInterval(this.#refresh);
    this.#stopped.abort();
    const closed = Promise.all(this.#listeners.values().map((server) => new Promise<void>((resolve) => server.close(() => resolve()))));
    this.#http1.close();
    this.#http2.close();
    const deadline = setTimeout(() => {
      for (const socket of this.#connections) socket.destroy();
    }, drainMs);
    await closed;
    clearTimeout(deadline);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop(0);
  }

  async #listen(address: HostPort, tell: boolean): Promise<boolean> {
    const server = this.#server();
    server.listen(address.port, address.host || undefined);
    try {
      await once(server, 'listening', { signal: this.#stopped.signal });
    } catch (error) {
      server.close();
      if (tell && !this.#stopped.signal.aborted) this.#options.events.troubled(`cannot listen on ${formatHostPort(address)} (yet): ${(error as NodeJS.ErrnoException).code ?? String(error)}`);
      return false;
    }
    // No file descriptor left, for example: there will be.
    server.on('error', (error: NodeJS.ErrnoException) => this.#options.events.troubled(error.code ?? error.message));
    this.#listeners.set(address, server);
    return true;
  }

  async #keepAsking(address: HostPort): Promise<void> {
    const { signal } = this.#stopped;
    do await sleep(askAgainMs, undefined, { signal }).catch(() => {});
    while (!signal.aborted && !(await this.#listen(address, false)));
  }

  #server(): Server {
    const { events, nodeName } = this.#options;
    const server = createServer({
      ...this.#context(),
      ALPNProtocols: ['h2', 'http/1.1'],
      requestCert: true,
      // Those with a token have none. Whether one is the cluster's is looked at for each connection.
      rejectUnauthorized: false,
      handshakeTimeout: this.#limits.handshakeMs,
      noDelay: true,
      // A Pod whose network is gone says nothing more, and would be kept for ever.
      keepAlive: true,
      keepAliveInitialDelay: 30_000,
    });
    server.maxConnections = this.#limits.maxConnections;
    server.on('connection', (socket: Socket) => {
      this.#connections.add(socket);
      socket.once('close', () => this.#connections.delete(socket));
    });
    server.on('secureConnection', (socket: TLSSocket) => {
      const certificate = certificateOf(socket, nodeName);
      if (socket.alpnProtocol === 'h2') this.#http2.take(socket, certificate);
      else this.#http1.take(socket, certificate);
    });
    server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
      events.handshakeFailed(error.code ?? error.message, socket.remoteAddress ?? '');
      // Of a handshake that takes too long Node tells, and leaves it at that.
      socket.destroy();
    });
    return server;
  }

  async #guard(request: FrontRequest | FrontUpgrade, work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (error) {
      if (request.signal.aborted) return;
      this.#options.events.failed(request, error);
      if (request.response.status === undefined) answerStatus(request.response, { code: 500, reason: 'InternalError', message: 'an error of its own, which its log has' });
      else request.response.break(error as Error);
    }
  }

  async #refreshCredentials(): Promise<void> {
    try {
      if (!(await this.#options.credentials.refresh())) return;
      for (const server of this.#listeners.values()) server.setSecureContext(this.#context());
    } catch (error) {
      this.#options.events.troubled(String(error));
    }
  }

  #context(): TlsOptions {
    const { cert, key, clientCa } = this.#options.credentials.content;
    // A session that is resumed would skip the look at a certificate and its authority: it is good for a second at most.
    return { cert, key, ca: clientCa, minVersion: 'TLSv1.2', sessionTimeout: 1 };
  }
}
