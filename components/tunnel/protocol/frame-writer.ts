import type { Duplex } from 'node:stream';
import { dataFrame, dataHeader } from './encode.ts';

/** Up to here a payload is copied behind its header. */
const smallBytes = 2048;

/**
 * Writes frames to a session's socket. All that is written in one turn of the event loop goes to TLS as one piece: a
 * record, and a system call, for many small frames instead of one each.
 */
export class FrameWriter {
  readonly #socket: Duplex;
  #corked = false;
  readonly #flush = (): void => {
    // Of a socket that was destroyed meanwhile this does nothing.
    if (!this.#corked) return;
    this.#corked = false;
    this.#socket.uncork();
  };

  constructor(socket: Duplex) {
    this.#socket = socket;
  }

  /** Bytes that the kernel has not taken yet. */
  get backlogBytes(): number {
    return this.#socket.writableLength;
  }

  control(frame: Buffer): void {
    if (!this.#open()) return;
    this.#socket.write(frame);
  }

  data(streamId: number, piece: Buffer): void {
    if (!this.#open()) return;
    if (piece.length <= smallBytes) return void this.#socket.write(dataFrame(streamId, piece));
    this.#socket.write(dataHeader(streamId, piece.length));
    this.#socket.write(piece);
  }

  /** Lets out now what would go at the end of this turn: before the socket is ended. */
  flush(): void {
    this.#flush();
  }

  #open(): boolean {
    if (!this.#socket.writable) return false;
    if (!this.#corked) {
      this.#corked = true;
      this.#socket.cork();
      setImmediate(this.#flush);
    }
    return true;
  }
}
