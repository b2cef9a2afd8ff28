import type { Duplex } from 'node:stream';
import { dataHeader } from './encode.ts';

/**
 * Writes frames to a session's socket. All that is written in one turn of the event loop goes to TLS as one piece: a
 * record, and a system call, for many small frames instead of one each.
 */
export class FrameWriter {
  readonly #socket: Duplex;
  #corked = false;
  readonly #flush = (): void => {
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
    this.#socket.write(dataHeader(streamId, piece.length));
    this.#socket.write(piece);
  }

  /** Lets out now what would go at the end of this turn: before the socket is ended. */
  flush(): void {
    if (this.#corked) this.#flush();
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
