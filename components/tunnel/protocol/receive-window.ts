import type { CreditBudget } from './budget.ts';
import { ProtocolError } from './errors.ts';

export interface ReceiveWindowOptions {
  readonly initialBytes: number;
  readonly maxBytes: number;
  readonly budget: CreditBudget;
  /** The session's round-trip time in milliseconds, as last measured. */
  readonly roundTripMs: () => number;
  /** A monotonic clock in milliseconds. */
  readonly now: () => number;
}

/** With less than one TLS record in flight a stream would crawl: it is refused instead. */
export const leastWindowBytes = 16 * 1024;

/**
 * What a peer may send on one stream. Credit goes back only for bytes that the far socket has taken, in halves of the
 * window. A window that is emptied within two round trips is what holds the stream back: it doubles, as far as the
 * budget allows (the tuning of QUIC's and yamux's receivers).
 */
export class ReceiveWindow {
  readonly #options: ReceiveWindowOptions;
  #windowBytes: number;
  /** What the peer may still send. */
  #credit: number;
  /** Passed on, and not given back yet. */
  #drained = 0;
  #lastReturnAt: number;
  #released = false;

  /** Starts with less where there is little room. @returns undefined when the budget has none */
  static open(options: ReceiveWindowOptions): ReceiveWindow | undefined {
    let bytes = options.initialBytes;
    while (!options.budget.take(bytes)) {
      bytes = Math.floor(bytes / 2);
      if (bytes < leastWindowBytes) return undefined;
    }
    return new ReceiveWindow(options, bytes);
  }

  private constructor(options: ReceiveWindowOptions, bytes: number) {
    this.#options = options;
    this.#windowBytes = bytes;
    this.#credit = bytes;
    this.#lastReturnAt = options.now();
  }

  get windowBytes(): number {
    return this.#windowBytes;
  }

  /** What the peer may still send: after a reset, bytes up to this many may be on their way. */
  get outstandingBytes(): number {
    return this.#credit;
  }

  /** @throws ProtocolError for data that there was no credit for */
  received(bytes: number): void {
    if (bytes > this.#credit) throw new ProtocolError(`${bytes} bytes of DATA where ${this.#credit} were allowed`);
    this.#credit -= bytes;
  }

  /** Bytes were passed on. @returns the credit to give to the peer now; 0 for none yet */
  drained(bytes: number): number {
    this.#drained += bytes;
    if (this.#drained * 2 < this.#windowBytes || this.#released) return 0;
    const now = this.#options.now();
    const elapsed = now - this.#lastReturnAt;
    this.#lastReturnAt = now;
    let credit = this.#drained;
    this.#drained = 0;
    if (elapsed <= 2 * this.#options.roundTripMs()) credit += this.#grow();
    this.#credit += credit;
    return credit;
  }

  #grow(): number {
    const growth = Math.min(this.#windowBytes, this.#options.maxBytes - this.#windowBytes);
    if (growth <= 0 || !this.#options.budget.takeSpare(growth)) return 0;
    this.#windowBytes += growth;
    return growth;
  }

  /** The stream is over: its memory is free for others. May be called again. */
  release(): void {
    if (this.#released) return;
    this.#released = true;
    this.#options.budget.give(this.#windowBytes);
  }
}
