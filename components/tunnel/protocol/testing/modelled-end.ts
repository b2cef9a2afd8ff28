import type { StreamError } from '../errors.ts';
import type { StreamHandler } from '../stream-handler.ts';
import type { TunnelStream } from '../stream.ts';
import { noise } from './random.ts';

const period = 1 << 17;
const pattern = Buffer.concat([noise(period, 99), noise(period, 99)]);

/** What a direction of a stream carries from one place on: each direction of each stream carries other bytes. */
function expected(seed: number, at: number, bytes: number): Buffer {
  const from = (seed * 7919 + at) % period;
  return pattern.subarray(from, from + bytes);
}

/** How one end of a stream behaves by itself, inside its own calls. */
export type Manner = 'listens' | 'answers' | 'talks' | 'resets at data' | 'resets when writable' | 'ends at data';

/**
 * One end of a stream and what the model says of it: bytes arrive in order, once, and it closes once; without an error
 * only when both ends have said their ends and all bytes have arrived.
 */
export class ModelledEnd implements StreamHandler {
  stream!: TunnelStream;
  other: ModelledEnd | undefined;
  readonly manner: Manner;
  written = 0;
  received = 0;
  endSaid = false;
  endHeard = false;
  closedTimes = 0;
  error: StreamError | undefined;
  readonly #seed: number;
  readonly #otherSeed: number;
  readonly #problems: string[];
  #paused = false;
  #kept = 0;
  #talk = 20;

  constructor(seed: number, otherSeed: number, manner: Manner, problems: string[]) {
    this.#seed = seed;
    this.#otherSeed = otherSeed;
    this.manner = manner;
    this.#problems = problems;
  }

  get isClosed(): boolean {
    return this.closedTimes > 0;
  }

  write(bytes: number): void {
    if (this.isClosed || this.endSaid) return;
    for (let left = bytes; left > 0;) {
      const size = Math.min(left, period);
      const piece = expected(this.#seed, this.written, size);
      this.written += size;
      this.stream.write(piece);
      left -= size;
    }
  }

  end(): void {
    if (this.endHeard) this.#problem('heard of the end twice');
    this.endHeard = true;
    if (this.isClosed) this.#problem('an end after it was closed');
    if (this.manner === 'answers') this.sayEnd();
  }

  sayEnd(): void {
    if (this.isClosed) return;
    this.endSaid = true;
    this.stream.end();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    const bytes = this.#kept;
    this.#kept = 0;
    if (bytes > 0) this.stream.consumed(bytes);
  }

  data(piece: Buffer): void {
    if (this.isClosed) this.#problem('data after it was closed');
    if (this.endHeard) this.#problem('data after the end');
    if (!piece.equals(expected(this.#otherSeed, this.received, piece.length))) this.#problem(`other bytes than were sent, at ${this.received}`);
    this.received += piece.length;
    if (this.#paused) this.#kept += piece.length;
    else this.stream.consumed(piece.length);
    if (this.manner === 'answers') this.write(piece.length);
    if (this.manner === 'ends at data') this.sayEnd();
    if (this.manner === 'resets at data') this.stream.reset('CANCELLED', this.manner);
  }

  writable(): void {
    if (this.isClosed) this.#problem('writable after it was closed');
    if (this.stream.pendingBytes > 0) this.#problem('writable with bytes that wait');
    if (this.manner === 'talks' && this.#talk-- > 0) this.write(20_000);
    if (this.manner === 'resets when writable') this.stream.reset('CANCELLED', this.manner);
  }

  closed(error: StreamError | undefined): void {
    this.closedTimes += 1;
    this.error = error;
    if (this.closedTimes > 1) this.#problem('closed twice');
  }

  /** Once all is over. */
  check(): void {
    if (this.error !== undefined) return;
    if (!this.endSaid || !this.endHeard) this.#problem('a clean end that was not agreed on');
    if (this.other !== undefined && this.received !== this.other.written) this.#problem(`a clean end after ${this.received} of ${this.other.written} bytes`);
  }

  #problem(what: string): void {
    this.#problems.push(`stream ${this.stream.id} (${this.manner}): ${what}`);
  }
}
