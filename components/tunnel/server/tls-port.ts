import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import type { Server, TLSSocket, TlsOptions } from 'node:tls';
import type { HostPort } from '../common/host-port.ts';
import { checkTlsFiles, handshakeTimeoutMs, tlsPolicy, type TlsFiles } from '../common/tls.ts';
import { WatchedFiles } from '../common/watched-files.ts';
import { cut } from '../protocol/index.ts';

/** Who comes to a port must have a certificate of `ca`. Paths of PEM files. */
export type TlsPaths = Readonly<Record<keyof TlsFiles, string>>;

export interface TlsPortOptions {
  readonly paths: TlsPaths;
  /** Makes the server; all that TLS needs is in the options. */
  readonly create: (options: TlsOptions) => Server;
  /** A handshake failed. @param spoke whether the client had sent anything: a load balancer's probe has not */
  readonly handshakeFailed: (error: Error, from: string, spoke: boolean) => void;
  /** Something is wrong with the port itself, or its files, and it goes on. */
  readonly troubled: (reason: string) => void;
}

/** A TCP port that speaks TLS 1.3 with clients that have a certificate, and reads its files again while it runs. */
export class TlsPort {
  readonly #files: WatchedFiles<keyof TlsFiles>;
  readonly #server: Server;
  /** TCP connections, and those of them that have got through their handshakes. */
  readonly #connections = new Set<Socket>();
  readonly #sockets = new Set<TLSSocket>();

  /** @throws UsageError when the files cannot be used */
  constructor({ paths, create, handshakeFailed, troubled }: TlsPortOptions) {
    const { cert, key, ca } = paths;
    this.#files = new WatchedFiles({ cert, key, ca }, { check: checkTlsFiles, failed: troubled });
    this.#server = create({
      ...this.#context(),
      requestCert: true,
      rejectUnauthorized: true,
      handshakeTimeout: handshakeTimeoutMs,
      noDelay: true,
      // A client whose host has died says nothing more, and would be kept for ever.
      keepAlive: true,
      keepAliveInitialDelay: 30_000,
    });
    this.#server.on('connection', (socket: Socket) => {
      this.#connections.add(socket);
      socket.once('close', () => this.#connections.delete(socket));
    });
    this.#server.on('secureConnection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    this.#server.on('tlsClientError', (error, socket) => handshakeFailed(error, socket.remoteAddress ?? '', socket.bytesRead > 0));
    // No file descriptor left, for example: there will be.
    this.#server.on('error', (error: NodeJS.ErrnoException) => troubled(error.code ?? error.message));
  }

  /** What this end shows to those it dials itself. */
  get files(): TlsFiles {
    return this.#files.content;
  }

  get number(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** @throws the system's error when it cannot be had */
  async listen({ host, port }: HostPort): Promise<void> {
    this.#server.listen(port, host || undefined);
    await once(this.#server, 'listening');
  }

  /** Handshakes from now on are made with what the files hold now. */
  refresh(): void {
    if (this.#files.refresh()) this.#server.setSecureContext(this.#context());
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  /** Takes no more connections. Resolves when the last one is over. */
  async close(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  /** Cuts all connections, so that nobody takes it for the end of what was sent. */
  cut(): void {
    for (const socket of this.#sockets) cut(socket);
    for (const socket of this.#connections) socket.destroy();
  }

  #context(): TlsOptions {
    // A session that is resumed would skip the look at a certificate and its authority: it is good for a second at most.
    return { ...tlsPolicy, ...this.#files.content, sessionTimeout: 1 };
  }
}
