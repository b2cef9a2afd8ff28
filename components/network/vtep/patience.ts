/** Lets something be done a few times, and then no more until the first of them is long enough ago: whoever undoes it each time is not fought without end. */
export class Patience {
  readonly #times: number;
  readonly #withinMs: number;
  #done: number[] = [];

  constructor(times: number, withinMs: number) {
    this.#times = times;
    this.#withinMs = withinMs;
  }

  /** @param now milliseconds, of a clock that only goes forward. @returns for how long it may not be done: 0, and it counts as done */
  take(now: number): number {
    this.#done = this.#done.filter((at) => now - at < this.#withinMs);
    if (this.#done.length >= this.#times) return this.#done[0]! + this.#withinMs - now;
    this.#done.push(now);
    return 0;
  }
}
