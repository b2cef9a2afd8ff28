import type { IncomingMessage, Server } from 'node:http';
import type { Writable } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { createServer, ServerResponse } from '../../tunnel/common/node-http.ts';
import { hangUp } from '../../tunnel/protocol/hang-up.ts';
import { all, collectHeaders, endToEnd, withoutNamed, type Headers } from '../common/headers.ts';
import { WholeBody } from './body.ts';
import { identify, type ShownCertificate } from './identity.ts';
import type { FrontLimits } from './limits.ts';
import { impersonates, isPlain } from './request-head.ts';
import type { FrontHandler, FrontRequest, FrontResponse, FrontUpgrade, RequestHead } from './request.ts';

/** What a client whose upgrade is refused may take to read why. Milliseconds. */
const lingerMs = 1000;

/** Gives an answer to a client of HTTP/1.1. */
class Http1Response implements FrontResponse {
  readonly #response: ServerResponse;
  status: number | undefined;

  constructor(response: ServerResponse) {
    this.#response = response;
    // Of a client that has gone; it is told by the signal.
    response.on('error', () => {});
  }

  start(status: number, headers: Headers): Writable {
    this.status = status;
    this.#response.writeHead(status, endToEnd(headers) as never);
    // With its length known, the body comes right behind, and the two make one packet.
    if (headers['content-length'] === undefined) this.#response.flushHeaders();
    return this.#response;
  }

  break(reason: Error): void {
    this.#response.destroy(reason);
  }
}

/** Speaks HTTP/1.1 on connections that are given to it. */
export class Http1 {
  readonly #server: Server;
  readonly #handler: FrontHandler;
  readonly #certificates = new WeakMap<object, ShownCertificate | undefined>();
  /** Of a connection: requests whose answers are not over. */
  readonly #pending = new WeakMap<object, number>();

  constructor(handler: FrontHandler, limits: FrontLimits) {
    this.#handler = handler;
    this.#server = createServer({
      maxHeaderSize: limits.maxHeaderBytes,
      headersTimeout: limits.headersMs,
      // Until the body is here, and an upload may be slow; answers have all the time they need.
      requestTimeout: 0,
      keepAliveTimeout: limits.idleMs,
      connectionsCheckingInterval: Math.min(1000, limits.headersMs),
      shouldUpgradeCallback: (message) => this.#mayUpgrade(message),
    });
    this.#server.on('request', (request, response) => this.#request(request, response));
    this.#server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket as TLSSocket, head));
    this.#server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
      if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy();
      const status = error.code === 'HPE_HEADER_OVERFLOW' ? '431 Request Header Fields Too Large' : error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? '408 Request Timeout' : '400 Bad Request';
      socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`);
    });
    // It listens to no port of its own, and only then looks for requests whose heads take too long.
    this.#server.emit('listening');
  }

  take(socket: TLSSocket, certificate: ShownCertificate | undefined): void {
    this.#certificates.set(socket, certificate);
    this.#server.emit('connection', socket);
  }

  close(): void {
    this.#server.close(() => {});
  }

  /**
   * Anything else is an ordinary request, of which the API server will say that it is not one. Behind a request that is not answered yet the
   * connection is not free to speak another protocol; with a body, Node gives no socket, and nobody can say where the protocol begins.
   */
  #mayUpgrade({ headers, socket }: IncomingMessage): boolean {
    const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) !== 0;
    return /^(websocket|spdy\/3\.1)$/i.test(headers.upgrade ?? '') && !hasBody && (this.#pending.get(socket) ?? 0) === 0;
  }

  #request(message: IncomingMessage, response: ServerResponse): void {
    const { socket } = message;
    this.#pending.set(socket, (this.#pending.get(socket) ?? 0) + 1);
    response.once('close', () => this.#pending.set(socket, this.#pending.get(socket)! - 1));
    const declared = message.headers['content-length'] === undefined ? (message.headers['transfer-encoding'] === undefined ? 0 : undefined) : Number(message.headers['content-length']);
    const whole = new WholeBody(message, declared);
    message.on('error', () => {});
    const head = this.#head(message, response);
    if (head === undefined) return;
    const request: FrontRequest = { ...head, bodyBytes: declared, body: message, readBody: async (maxBytes) => await whole.read(maxBytes) };
    void this.#handler.handle(request);
  }

  #upgrade(message: IncomingMessage, socket: TLSSocket, head: Buffer): void {
    // For good: whoever has the connection afterwards hears of it too.
    socket.on('error', () => {});
    // Nobody reads it until it is accepted, and whoever does not read is not told of an end.
    const look = (): void => {
      if (socket.readableLength === 0) socket.read();
    };
    socket.on('readable', look);
    const response = new ServerResponse(message);
    response.shouldKeepAlive = false;
    response.assignSocket(socket);
    response.on('finish', () => {
      socket.off('readable', look).resume();
      hangUp(socket, lingerMs);
    });
    const common = this.#head(message, response, true);
    if (common === undefined) return;
    const upgrade: FrontUpgrade = {
      ...common,
      head,
      accept: (headers) => {
        response.detachSocket(socket);
        socket.off('readable', look);
        const lines = Object.entries({ ...endToEnd(headers), connection: 'Upgrade', upgrade: all(headers, 'upgrade') }).flatMap(([name, values]) => [values].flat().map((value) => `${name}: ${value}\r\n`));
        socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('')}\r\n`, 'latin1');
        return socket;
      },
    };
    void this.#handler.upgrade(upgrade);
  }

  /** @returns undefined for a request that was answered, because nobody could say what it means */
  #head(message: IncomingMessage, response: ServerResponse, upgrades = false): RequestHead | undefined {
    const came = collectHeaders(message.rawHeaders);
    const headers = withoutNamed(came);
    const gone = new AbortController();
    const { socket } = message;
    const { promise: over, resolve } = Promise.withResolvers<void>();
    const leave = (): void => {
      if (!response.writableFinished) gone.abort();
      resolve();
    };
    response.once('close', leave);
    // Of one that has asked for an upgrade, or waits behind another's answer, the response does not tell.
    socket.once('close', leave);
    response.once('finish', () => socket.off('close', leave));
    const answer = new Http1Response(response);
    if (!isPlain(came, message.url ?? '')) {
      answer.start(400, { 'content-length': '0' }).end();
      return undefined;
    }
    return {
      method: message.method ?? 'GET',
      path: message.url ?? '/',
      headers,
      identity: identify(headers, this.#certificates.get(socket), upgrades),
      impersonates: impersonates(headers),
      signal: gone.signal,
      over,
      response: answer,
    };
  }
}
