import { once } from 'node:events';
import { createSecureServer, type Http2SecureServer, type Http2Session, type ServerHttp2Stream } from 'node:http2';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { collectHeaders, first, type Headers } from '../common/headers.ts';
import type { HubPki } from './pki.ts';

/** A request as it came to the API server. */
export interface Arrived {
  readonly method: string;
  readonly path: string;
  readonly headers: Headers;
  /** Common name of the certificate that its connection showed; '' for none. */
  readonly certificate: string;
  readonly stream: ServerHttp2Stream;
  /** The body, as far as it has come. */
  readonly body: () => Buffer;
  readonly bodyEnded: () => boolean;
}

export interface ApiServerOptions {
  readonly port?: number;
  readonly maxStreams?: number;
  /** The serving pair. Default: the cluster's own. */
  readonly pair?: { readonly cert: string; readonly key: string };
}

export const json = (value: object): Buffer => Buffer.from(JSON.stringify(value));

/** An API server in small: TLS, HTTP/2, and upgrades over HTTP/1.1 on the same port. Tests say what it answers. */
export class ApiServer implements AsyncDisposable {
  readonly arrived: Arrived[] = [];
  readonly upgraded: { readonly request: IncomingMessage; readonly socket: TLSSocket; readonly certificate: string }[] = [];
  readonly sessions = new Set<Http2Session>();
  readonly sockets = new Set<Socket>();
  /** How many sessions there were. */
  sessionCount = 0;
  answer: (request: Arrived) => void = ({ stream }) => {
    stream.respond({ ':status': 200, 'content-type': 'application/json' });
    stream.end(json({ kind: 'PodList' }));
  };
  /** To whoever asks whether it is there. */
  readyz: (request: Arrived) => void = ({ stream }) => {
    stream.respond({ ':status': 200, 'content-type': 'text/plain' });
    stream.end('ok');
  };
  upgrade: (request: IncomingMessage, socket: TLSSocket, head: Buffer) => void = (_request, socket) => void socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nContent-Type: text/plain\r\n\r\nno');
  probes = 0;
  readonly #server: Http2SecureServer;

  private constructor(pki: HubPki, { maxStreams, pair }: ApiServerOptions) {
    this.#server = createSecureServer({
      ...(pair ?? pki.apiServer),
      ca: pki.clusterCa.certPem,
      requestCert: true,
      rejectUnauthorized: false,
      allowHTTP1: true,
      // Whatever a test sends, before it is read.
      maxSessionMemory: 1000,
      settings: { maxConcurrentStreams: maxStreams ?? 250 },
      strictSingleValueFields: false,
    });
    const server = this.#server;
    server.on('session', (session) => {
      this.sessionCount += 1;
      this.sessions.add(session);
      session.on('error', () => {});
      session.on('close', () => this.sessions.delete(session));
    });
    server.on('connection', (socket: Socket) => {
      this.sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => this.sockets.delete(socket));
    });
    server.on('stream', (stream, headers, _flags, raw: readonly string[]) => this.#stream(stream as ServerHttp2Stream, String(headers[':method']), String(headers[':path']), raw));
    server.on('upgrade', (request: IncomingMessage, socket: TLSSocket, head: Buffer) => {
      socket.on('error', () => {});
      socket.allowHalfOpen = true;
      this.upgraded.push({ request, socket, certificate: commonName(socket) });
      this.upgrade(request, socket, head);
    });
    // For a request that is none of HTTP/2 and asks for no other protocol.
    server.on('request', (request, response) => {
      if (request.httpVersionMajor === 1) response.writeHead(400).end();
    });
  }

  static async listen(pki: HubPki, options: ApiServerOptions = {}): Promise<ApiServer> {
    const server = new ApiServer(pki, options);
    await once(server.#server.listen(options.port ?? 0, '127.0.0.1'), 'listening');
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** What it is asked of a path, once it has come. */
  of(path: string): Arrived[] {
    return this.arrived.filter((one) => one.path === path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  #stream(stream: ServerHttp2Stream, method: string, path: string, raw: readonly string[]): void {
    stream.on('error', () => {});
    const chunks: Buffer[] = [];
    let ended = false;
    stream.on('data', (chunk: Buffer) => void chunks.push(chunk));
    stream.on('end', () => {
      ended = true;
    });
    const headers = collectHeaders(raw);
    const request: Arrived = { method, path, headers, stream, certificate: commonName(stream.session?.socket as TLSSocket), body: () => Buffer.concat(chunks), bodyEnded: () => ended };
    if (path === '/readyz' && first(headers, 'user-agent') === 'edge-hub') {
      this.probes += 1;
      return this.readyz(request);
    }
    this.arrived.push(request);
    this.answer(request);
  }
}

const commonName = (socket: TLSSocket): string => {
  const name = (socket.getPeerCertificate() as { subject?: { CN?: string } } | null)?.subject?.CN;
  return socket.authorized && name !== undefined ? name : '';
};
