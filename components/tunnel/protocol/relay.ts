import type { StreamError } from './errors.ts';
import type { StreamHandler, TunnelStream } from './stream.ts';

/** Hands what comes on one stream to another: half of a relay between two sessions. */
export class RelayHalf implements StreamHandler {
  readonly #from: TunnelStream;
  readonly #to: TunnelStream;
  readonly #done: ((error: StreamError | undefined) => void) | undefined;
  /** Bytes that `to` has taken and could not send yet. */
  #waiting = 0;

  constructor(from: TunnelStream, to: TunnelStream, done?: (error: StreamError | undefined) => void) {
    this.#from = from;
    this.#to = to;
    this.#done = done;
  }

  data(piece: Buffer): void {
    if (this.#to.write(piece) && this.#waiting === 0) this.#from.consumed(piece.length);
    else this.#waiting += piece.length;
  }

  /** For the other half: `to` has sent all that it held. */
  passedOn(): void {
    const bytes = this.#waiting;
    this.#waiting = 0;
    if (bytes > 0) this.#from.consumed(bytes);
  }

  end(): void {
    this.#to.end();
  }

  /** Set by `relay`: told when `from` can be written to again, which the other half writes to. */
  onWritable: () => void = () => {};

  writable(): void {
    this.onWritable();
  }

  closed(error: StreamError | undefined): void {
    if (error !== undefined) this.#to.reset(error.code, error.message);
    this.#done?.(error);
  }
}

/** Joins two streams of two sessions: credit, half-close and resets pass through. @returns the handlers of each */
export function relay(one: TunnelStream, other: TunnelStream, done?: (error: StreamError | undefined) => void): { readonly one: RelayHalf; readonly other: RelayHalf } {
  const halves = { one: new RelayHalf(one, other, done), other: new RelayHalf(other, one) };
  halves.one.onWritable = () => halves.other.passedOn();
  halves.other.onWritable = () => halves.one.passedOn();
  return halves;
}
