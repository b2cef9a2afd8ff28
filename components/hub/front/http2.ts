import { constants, performServerHandshake, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { Writable } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { collectHeaders, endToEnd, first, type Headers } from '../common/headers.ts';
import { WholeBody } from './body.ts';
import { identify, type ShownCertificate } from './identity.ts';
import type { FrontLimits } from './limits.ts';
import { impersonates, isPlain } from './request-head.ts';
import type { FrontHandler, FrontRequest, FrontResponse } from './request.ts';

/** Gives an answer to a client of HTTP/2. */
class Http2Response implements FrontResponse {
  readonly #stream: ServerHttp2Stream;
  status: number | undefined;

  constructor(stream: ServerHttp2Stream) {
    this.#stream = stream;
    // Of a client that has gone; it is told by the signal.
    stream.on('error', () => {});
    // What the client still sends of a request that is answered is not wanted, and must not keep the stream open.
    stream.on('finish', () => void stream.resume());
  }

  start(status: number, headers: Headers): Writable {
    this.status = status;
    if (!this.#stream.destroyed) this.#stream.respond({ ...endToEnd(headers), ':status': status } as never);
    return this.#stream;
  }

  /** Without an error, or by `close` with a code, Node would first end the stream as if it were whole. */
  break(reason: Error): void {
    this.#stream.destroy(reason);
  }
}

/** Of an upload. */
const streamWindowBytes = 1 << 20;
const sessionMemoryMb = 64;

/** Speaks HTTP/2 on connections that are given to it. */
export class Http2 {
  readonly #handler: FrontHandler;
  readonly #limits: FrontLimits;
  readonly #sessions = new Set<ServerHttp2Session>();

  constructor(handler: FrontHandler, limits: FrontLimits) {
    this.#handler = handler;
    this.#limits = limits;
  }

  take(socket: TLSSocket, certificate: ShownCertificate | undefined): void {
    const { maxHeaderBytes, maxStreams, idleMs } = this.#limits;
    const session = performServerHandshake(socket, {
      settings: { maxConcurrentStreams: maxStreams, maxHeaderListSize: maxHeaderBytes, initialWindowSize: streamWindowBytes },
      maxSessionMemory: sessionMemoryMb,
      // Whatever answers at the other end of a proxy in the API server may say a thing twice.
      strictSingleValueFields: false,
    });
    this.#sessions.add(session);
    session.on('error', () => {});
    session.on('close', () => {
      clearTimeout(idle);
      this.#sessions.delete(session);
    });
    let open = 0;
    const leave = (): void => session.close();
    let idle = setTimeout(leave, idleMs);
    session.on('stream', (stream, _headers, flags: number, raw?: readonly string[]) => {
      open += 1;
      clearTimeout(idle);
      stream.once('close', () => {
        open -= 1;
        if (open === 0 && !session.closed) idle = setTimeout(leave, idleMs);
      });
      this.#stream(stream as ServerHttp2Stream, flags, raw ?? [], certificate);
    });
  }

  /** Takes no more requests. */
  close(): void {
    for (const session of this.#sessions) session.close();
  }

  #stream(stream: ServerHttp2Stream, flags: number, raw: readonly string[], certificate: ShownCertificate | undefined): void {
    const headers = collectHeaders(raw);
    const pseudo = (name: string): string => raw[raw.indexOf(name) + 1] ?? '';
    const gone = new AbortController();
    const { promise: over, resolve } = Promise.withResolvers<void>();
    stream.once('close', () => {
      resolve();
      // Node also finishes one that its client has reset, were it with no error (`aborted`: its answer had not been ended).
      if (stream.aborted || !stream.writableFinished || stream.rstCode !== constants.NGHTTP2_NO_ERROR) gone.abort();
    });
    const response = new Http2Response(stream);
    const path = pseudo(':path');
    if (!isPlain(headers, path)) return void response.start(400, { 'content-length': '0' }).end();
    const length = first(headers, 'content-length');
    const bodyBytes = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0 ? 0 : length === undefined ? undefined : Number(length);
    const whole = new WholeBody(stream, bodyBytes);
    const request: FrontRequest = {
      method: pseudo(':method'),
      path,
      headers,
      identity: identify(headers, certificate),
      impersonates: impersonates(headers),
      signal: gone.signal,
      over,
      response,
      bodyBytes,
      body: stream,
      readBody: async (maxBytes) => await whole.read(maxBytes),
    };
    void this.#handler.handle(request);
  }
}
