import type { StreamError } from './errors.ts';
import type { StreamHandler } from './stream-handler.ts';
import type { TunnelStream } from './stream.ts';

/** Hands what comes on one stream to another: half of a relay between two sessions. */
class RelayHalf implements StreamHandler {
  readonly #from: TunnelStream;
  readonly #to: TunnelStream;
  readonly #over: (error: StreamError | undefined) => void;
  /** The half the other way. Set before either is used. */
  other!: RelayHalf;
  /** Bytes that `to` was given, and `from` was not told to have passed on. */
  #given = 0;

  constructor(from: TunnelStream, to: TunnelStream, over: (error: StreamError | undefined) => void) {
    this.#from = from;
    this.#to = to;
    this.#over = over;
  }

  data(piece: Buffer): void {
    this.#given += piece.length;
    this.#to.write(piece);
    this.#passOn();
  }

  end(): void {
    this.#to.end();
  }

  /** `from` has sent some of what the other half had given to it. */
  sent(): void {
    this.other.#passOn();
  }

  writable(): void {} // `sent` has told of it

  closed(error: StreamError | undefined): void {
    if (error !== undefined) this.#to.reset(error.code, error.message);
    // What the other half had given to it is gone or sent.
    this.other.#passOn();
    this.#over(error);
  }

  /** Credit goes back for what `to` has sent: it holds no more than the peer of `from` was promised. */
  #passOn(): void {
    const bytes = this.#given - this.#to.pendingBytes;
    if (bytes === 0) return;
    this.#given -= bytes;
    this.#from.consumed(bytes);
  }
}

/**
 * Joins two streams of two sessions: credit, half-close and resets pass through.
 *
 * @param done called once, when both are over: with what broke the first, if anything did
 * @returns the handlers of each
 */
export function relay(one: TunnelStream, other: TunnelStream, done?: (error: StreamError | undefined) => void): { readonly one: StreamHandler; readonly other: StreamHandler } {
  let open = 2;
  let first: StreamError | undefined;
  const over = (error: StreamError | undefined): void => {
    first ??= error;
    open -= 1;
    if (open === 0) done?.(first);
  };
  const halves = { one: new RelayHalf(one, other, over), other: new RelayHalf(other, one, over) };
  halves.one.other = halves.other;
  halves.other.other = halves.one;
  return halves;
}
