import { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { StreamError } from './errors.ts';
import type { ReasonCode } from './frame.ts';
import type { StreamHandler, TunnelStream } from './stream.ts';

export interface SpliceOptions {
  /** Called once, when neither side has anything left: with what broke it, if anything did. */
  readonly done?: (error: StreamError | undefined) => void;
  /** What to tell the peer when the socket fails. Default: TARGET_RESET. */
  readonly failure?: ReasonCode;
}

/**
 * Joins a stream to a socket, both ways: half-close passes through, neither side is read faster than the other one
 * takes, and an end that was not agreed on is a reset for the other side, never a clean end.
 */
export class Splice implements StreamHandler {
  readonly #socket: Socket;
  readonly #stream: TunnelStream;
  readonly #options: SpliceOptions;
  #batch: Buffer[] = [];
  #scheduled = false;
  #ended = false;
  #over = false;
  readonly #flush = (): void => this.#write();

  constructor(socket: Socket, stream: TunnelStream, options: SpliceOptions = {}) {
    this.#socket = socket;
    this.#stream = stream;
    this.#options = options;
    socket.on('data', (chunk: Buffer) => {
      if (!stream.write(chunk)) socket.pause();
    });
    socket.on('end', () => stream.end());
    socket.on('error', (error: NodeJS.ErrnoException) => stream.reset(options.failure ?? 'TARGET_RESET', error.code ?? error.message));
    socket.on('close', () => {
      // Of a stream that both ended this does nothing.
      if (!socket.readableEnded || !this.#ended) stream.reset('CANCELLED', 'the connection was closed');
    });
    if (socket.destroyed) stream.reset('CANCELLED', 'the connection was closed');
  }

  /** Begins to read the socket. @param head what was read of it already */
  start(head?: Buffer): void {
    if (head !== undefined && head.length > 0 && !this.#stream.write(head)) this.#socket.pause();
    else this.#socket.resume();
  }

  data(piece: Buffer): void {
    this.#batch.push(piece);
    if (this.#scheduled) return;
    this.#scheduled = true;
    // After this turn's reads: what TLS hands over record by record goes out in one system call.
    setImmediate(this.#flush);
  }

  end(): void {
    this.#ended = true;
    if (!this.#scheduled) this.#socket.end();
  }

  writable(): void {
    this.#socket.resume();
  }

  closed(error: StreamError | undefined): void {
    if (this.#over) return;
    this.#over = true;
    if (error !== undefined) cut(this.#socket);
    this.#options.done?.(error);
  }

  #write(): void {
    this.#scheduled = false;
    const pieces = this.#batch;
    this.#batch = [];
    const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
    const socket = this.#socket;
    const passedOn = (): void => this.#stream.consumed(bytes);
    if (socket.destroyed || !socket.writable) return passedOn();
    socket.cork();
    for (const [index, piece] of pieces.entries()) socket.write(piece, index === pieces.length - 1 ? passedOn : undefined);
    if (this.#ended) socket.end();
    socket.uncork();
  }
}

/** Ends a socket so that its other end sees an error: a FIN would pass for the end of what was sent. */
export function cut(socket: Socket): void {
  // TLS without its close_notify is an error to any TLS end (RFC 8446, 6.1).
  if (socket instanceof TLSSocket || socket.connecting || socket.destroyed) socket.destroy();
  else socket.resetAndDestroy();
}
