import type { CreditBudget } from './budget.ts';
import { ProtocolError } from './errors.ts';

/** The same for all streams of a session. */
export interface ReceiveWindowOptions {
  readonly initialBytes: number;
  readonly maxBytes: number;
  /** What is enough while the stream shares its session. */
  readonly sharedBytes: number;
  /** Whether another stream of the session than this one is active. */
  readonly shared: (streamId: number, now: number) => boolean;
  readonly budget: CreditBudget;
  /** The session's round-trip time in milliseconds, without what stands in queues. */
  readonly roundTripMs: () => number;
  /** A monotonic clock in milliseconds. */
  readonly now: () => number;
}

/** A round trip within one place is no longer: most of it is waiting for a processor, which no window shortens. Milliseconds. */
const nearMs = 1;

/** With less than one TLS record in flight a stream would crawl: it is refused instead. */
const leastWindowBytes = 16 * 1024;

/**
 * What a peer may send on one stream. Credit goes back only for bytes that the far socket has taken, in halves of the
 * window. A window that is emptied within two round trips is what holds the stream back: it doubles, as far as the
 * budget allows (the tuning of QUIC's and yamux's receivers).
 *
 * What is under way on one stream, all others stand behind. So a stream that is not alone holds back credit until no more is
 * under way than its rate fills in four round trips (which lets one that is held back by its window double), and gets it
 * back when it is alone again.
 */
export class ReceiveWindow {
  readonly #streamId: number;
  readonly #options: ReceiveWindowOptions;
  #windowBytes: number;
  /** What the peer may still send. */
  #credit: number;
  /** Passed on, and not given back yet. */
  #drained = 0;
  #lastReturnAt: number;
  /** Of the window, what the peer does not get for now. */
  #heldBack = 0;
  /** Bytes a millisecond, smoothed. */
  #rate = 0;
  #released = false;

  /** Starts with as much less as there is less room, so that thousands fit. @returns undefined when the budget has none */
  static open(streamId: number, options: ReceiveWindowOptions): ReceiveWindow | undefined {
    const { initialBytes, budget } = options;
    const bytes = Math.min(initialBytes, Math.max(leastWindowBytes, Math.floor(initialBytes * budget.freeShare)));
    return budget.take(bytes) ? new ReceiveWindow(streamId, options, bytes) : undefined;
  }

  private constructor(streamId: number, options: ReceiveWindowOptions, bytes: number) {
    this.#streamId = streamId;
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
    if (this.#drained * 2 < this.#windowBytes - this.#heldBack || this.#released) return 0;
    const now = this.#options.now();
    const elapsed = now - this.#lastReturnAt;
    this.#lastReturnAt = now;
    this.#measure(elapsed);
    const credit = this.#drained + this.#change(now, elapsed);
    this.#drained = 0;
    this.#credit += credit;
    return credit;
  }

  /** The rate of the last few round trips. */
  #measure(elapsedMs: number): void {
    const horizon = 4 * Math.max(this.#options.roundTripMs(), nearMs);
    this.#rate += (this.#drained - this.#rate * elapsedMs) / (elapsedMs + horizon);
  }

  /** How much more, or less, than was drained goes back to the peer. */
  #change(now: number, elapsedMs: number): number {
    const { shared, sharedBytes, maxBytes, roundTripMs } = this.#options;
    const roundTrip = roundTripMs();
    // Credit comes back in halves: what a window holds goes through in one to two round trips. Twice that, so that one that is
    // too small doubles.
    const needed = shared(this.#streamId, now) ? Math.max(sharedBytes, 4 * this.#rate * (roundTrip - nearMs)) : maxBytes;
    const room = Math.floor(Math.min(maxBytes, needed)) - (this.#windowBytes - this.#heldBack);
    if (room < 0 || this.#heldBack > 0) {
      const change = Math.max(-this.#drained, Math.min(room, this.#heldBack));
      this.#heldBack -= change;
      return change;
    }
    return elapsedMs <= 2 * roundTrip ? this.#grow(room) : 0;
  }

  #grow(room: number): number {
    const growth = Math.min(this.#windowBytes, room);
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
