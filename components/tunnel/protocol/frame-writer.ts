import type { Duplex } from 'node:stream';
import { dataFrame, dataHeader } from './encode.ts';

/** Up to here a payload is copied behind its header, and somebody may be waiting for it rather than for what comes after it. */
export const smallBytes = 2048;

/**
 * Writes frames to a session's socket. All that is written in one turn of the event loop goes to TLS as one piece: a
 * record, and a system call, for many small frames instead of one each. DATA is asked for at the end of the turn: control
 * frames are in front of it, and a stream's bytes are together by then. What somebody waits for, and stands behind nothing,
 * does not wait for the end of the turn.
 */
export class FrameWriter {
  readonly #socket: Duplex;
  readonly #fill: () => void;
  #corked = false;
  readonly #turnOver = (): void => {
    if (!this.#corked) return;
    if (this.#socket.writable) this.#fill();
    this.flush();
  };

  /** @param fill writes the DATA whose turn it is */
  constructor(socket: Duplex, fill: () => void) {
    this.#socket = socket;
    this.#fill = fill;
  }

  /** Bytes that the kernel has not taken yet. */
  get backlogBytes(): number {
    return this.#socket.writableLength;
  }

  /** Whether a frame that is written now goes out alone, at once. */
  get isIdle(): boolean {
    return !this.#corked && this.#socket.writableLength === 0;
  }

  control(frame: Buffer): void {
    if (!this.#open()) return;
    this.#socket.write(frame);
  }

  /** One that somebody waits for. */
  urgent(frame: Buffer): void {
    if (!this.isIdle) return this.control(frame);
    if (this.#socket.writable) this.#socket.write(frame);
  }

  data(streamId: number, pieces: readonly Buffer[], bytes: number): void {
    if (bytes <= smallBytes) return this.urgent(dataFrame(streamId, ...pieces));
    if (!this.#open()) return;
    this.#socket.write(dataHeader(streamId, bytes));
    for (const piece of pieces) this.#socket.write(piece);
  }

  /** There is DATA: it is asked for at the end of this turn. */
  soon(): void {
    this.#open();
  }

  /** Lets out now what would go at the end of this turn: before the socket is ended. */
  flush(): void {
    // Of a socket that was destroyed meanwhile this does nothing.
    if (!this.#corked) return;
    this.#corked = false;
    this.#socket.uncork();
  }

  #open(): boolean {
    if (!this.#socket.writable) return false;
    if (!this.#corked) {
      this.#corked = true;
      this.#socket.cork();
      setImmediate(this.#turnOver);
    }
    return true;
  }
}
