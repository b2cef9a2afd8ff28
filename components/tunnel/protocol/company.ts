/** Another stream that was active within this time must not wait long behind a stream's queue. Milliseconds. */
const withinMs = 1000;

/** Tells a stream of a session whether it is alone, from which streams were active last and when. */
export class Company {
  #lastId = 0;
  #lastAt = -Infinity;
  /** When a stream other than the last one was active. */
  #otherAt = -Infinity;

  /** @param now of a monotonic clock, in milliseconds, as below */
  saw(streamId: number, now: number): void {
    if (streamId !== this.#lastId) {
      this.#otherAt = this.#lastAt;
      this.#lastId = streamId;
    }
    this.#lastAt = now;
  }

  hasOther(streamId: number, now: number): boolean {
    return now - (streamId === this.#lastId ? this.#otherAt : this.#lastAt) < withinMs;
  }
}
