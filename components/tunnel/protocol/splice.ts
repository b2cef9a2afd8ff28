import { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { StreamError } from './errors.ts';
import type { ReasonCode } from './frame.ts';
import { smallBytes } from './frame-writer.ts';
import { heedLastWords } from './last-words.ts';
import { Pieces } from './pieces.ts';
import type { StreamHandler } from './stream-handler.ts';
import type { TunnelStream } from './stream.ts';

/** Eight TLS records: enough for few system calls, and little enough that nobody waits long while TLS encrypts them at once. */
const batchBytes = 128 * 1024;

export interface SpliceOptions {
  /** Called once, when the stream is over: with what broke it, if anything did. The socket may still be taking its last bytes. */
  readonly done?: (error: StreamError | undefined) => void;
  /** What to tell the peer when the socket fails. Default: TARGET_RESET. */
  readonly failure?: ReasonCode;
}

/**
 * Joins a stream to a socket, both ways: half-close passes through, neither side is read faster than the other one
 * takes, and an end that was not agreed on is a reset for the other side, never a clean end. A socket whose other end has said all and takes no more has ended: what is still sent to it is
 * thrown away, as nobody can take it, and what it had said arrives.
 */
export class Splice implements StreamHandler {
  readonly #socket: Socket;
  readonly #stream: TunnelStream;
  readonly #options: SpliceOptions;
  readonly #batch = new Pieces();
  #scheduled = false;
  /** Of the batch that the kernel has not taken yet; 0 for none. */
  #writing = 0;
  #ended = false;
  /** It had said all, and takes no more. */
  #deaf = false;
  #over = false;
  readonly #flush = (): void => {
    this.#scheduled = false;
    this.#write();
  };
  readonly #written = (): void => {
    const bytes = this.#writing;
    this.#writing = 0;
    this.#stream.consumed(bytes);
    this.#write();
  };

  constructor(socket: Socket, stream: TunnelStream, options: SpliceOptions = {}) {
    this.#socket = socket;
    this.#stream = stream;
    this.#options = options;
    // Otherwise Node would end it by itself when its other end has nothing more to say.
    socket.allowHalfOpen = true;
    heedLastWords(socket, (pieces) => this.#lastWords(pieces));
    socket.on('error', (error: NodeJS.ErrnoException) => stream.reset(options.failure ?? 'TARGET_RESET', error.code ?? error.message));
    socket.on('close', () => this.#gone());
    if (socket.destroyed) this.#gone();
  }

  /** Begins to read the socket. @param head what was read of it already */
  start(head?: Buffer): void {
    const socket = this.#socket;
    const stream = this.#stream;
    const more = head === undefined || stream.write(head);
    socket.on('data', (chunk: Buffer) => {
      if (!stream.write(chunk)) socket.pause();
    });
    socket.on('end', () => stream.end());
    if (socket.readableEnded) stream.end();
    else if (more) socket.resume();
    else socket.pause();
  }

  data(piece: Buffer, whole: boolean): void {
    if (this.#deaf) return this.#stream.consumed(piece.length);
    this.#batch.push(piece);
    if (this.#scheduled) return;
    // A question or an answer, rather than a part of many bytes.
    if (whole && piece.length <= smallBytes) return this.#write();
    this.#scheduled = true;
    // After this turn's reads: what TLS hands over record by record goes out in one system call.
    setImmediate(this.#flush);
  }

  end(): void {
    this.#ended = true;
    if (this.#batch.bytes === 0 && !this.#deaf) this.#endSocket();
  }

  writable(): void {
    this.#socket.resume();
  }

  closed(error: StreamError | undefined): void {
    if (this.#over) return;
    this.#over = true;
    if (error !== undefined) {
      // Nothing is written to a socket that was cut.
      this.#dropBatch();
      cut(this.#socket);
    }
    this.#options.done?.(error);
  }

  /** One batch at a time: what comes while a slow socket takes it is gathered here, where small pieces are joined. */
  #write(): void {
    if (this.#writing > 0 || this.#batch.bytes === 0 || this.#socket.destroyed) return;
    const socket = this.#socket;
    const several = this.#batch.pieces > 1;
    if (several) socket.cork();
    while (this.#writing < batchBytes && this.#batch.bytes > 0) {
      const piece = this.#batch.take(batchBytes - this.#writing);
      this.#writing += piece.length;
      const isLast = this.#writing >= batchBytes || this.#batch.bytes === 0;
      socket.write(piece, isLast ? this.#written : undefined);
    }
    if (several) socket.uncork();
    if (this.#ended && this.#batch.bytes === 0) this.#endSocket();
  }

  /** Where nothing is to come and all that went is with the kernel, closing says the same as a FIN and a close after it, in one go. */
  #endSocket(): void {
    const socket = this.#socket;
    if (socket.readableEnded && socket.writableLength === 0 && !(socket instanceof TLSSocket)) socket.destroy();
    else socket.end();
  }

  #lastWords(pieces: readonly Buffer[]): void {
    this.#deaf = true;
    for (const piece of pieces) this.#stream.write(piece);
    this.#stream.end();
  }

  #gone(): void {
    const socket = this.#socket;
    // Of a stream that both ended this does nothing.
    if (!this.#deaf && (!socket.readableEnded || !this.#ended)) this.#stream.reset(this.#options.failure ?? 'CANCELLED', 'the connection was closed');
    this.#dropBatch();
  }

  #dropBatch(): void {
    const bytes = this.#batch.bytes;
    this.#batch.takeAll();
    if (bytes > 0) this.#stream.consumed(bytes);
  }
}

/**
 * Ends a socket so that its other end sees an error: a FIN would pass for the end of what was sent. The lack of a
 * close_notify is no error to Go and Node, which take a FIN after a whole record for the end: it has to be a TCP reset.
 */
export function cut(socket: Socket): void {
  const tcp = socket instanceof TLSSocket ? tcpOf(socket) : socket;
  if (!(tcp instanceof Socket) || socket.destroyed || tcp.connecting || isShuttingDown(socket)) return void socket.destroy();
  // Of a TCP socket that is closed already a reset would be an error that nobody listens for.
  if (!tcp.destroyed) reset(tcp);
  // A TLS socket follows the one below it by itself, but not at once. In this turn of the event loop its native half may still
  // be about to finish a write: destroyed now, without the TCP socket below it, it takes the whole process down (seen with
  // Node 26.10, SIGSEGV, whenever a socket was written to and cut in one turn).
  if (tcp !== socket) setImmediate(() => socket.destroy());
}

/** A Unix socket has no reset: its other end sees an error only when it had sent what was not read (unix(7)), and else an end. */
function reset(socket: Socket): void {
  try {
    socket.resetAndDestroy();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_INVALID_HANDLE_TYPE') throw error;
    socket.destroy();
  }
}

/**
 * All that it had to send is with the kernel, and its FIN is just being sent: libuv refuses a reset then
 * (uv_tcp_close_reset), Node takes it for closed, and the process never comes to its end. One that still has bytes to send
 * is not that far: without a reset they would be missing, and nobody would know.
 */
const isShuttingDown = (socket: Socket): boolean => socket.writableEnded && !socket.writableFinished && socket.writableLength === 0;

/** Of a server's TLS socket. Node has no public name for it; where it is missing, a FIN has to do. */
const tcpOf = (socket: TLSSocket): unknown => (socket as unknown as { readonly _parent?: unknown })._parent;
