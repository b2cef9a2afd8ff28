import type { StreamError } from './errors.ts';

/** What a stream tells whoever uses it. None of these may throw; each may call the stream again. */
export interface StreamHandler {
  /** The target was reached (the opener is told; the accepting end knows). */
  opened?(): void;
  /**
   * Bytes from the peer. Call `stream.consumed` once they are passed on: only that lets the peer send more.
   *
   * @param whole they are all that the peer had to send then, as far as can be told
   */
  data(piece: Buffer, whole: boolean): void;
  /** The peer sends no more; this end may go on sending (half-close). */
  end(): void;
  /** Some of what waited is with the session: see `stream.pendingBytes`. */
  sent?(): void;
  /** After a `write` that gave false: all that was written is with the session. */
  writable(): void;
  /** Exactly once, last. Without an error both ends had said that they were done. */
  closed(error: StreamError | undefined): void;
}
