export interface BackoffOptions {
  /** The first wait is at most this long. Milliseconds. */
  readonly baseMs: number;
  /** No wait is longer. Milliseconds. */
  readonly capMs: number;
  /** 0 ≤ n < 1. */
  readonly random?: () => number;
}

/**
 * Exponential backoff with full jitter: each wait is anywhere between nothing and its bound, so that a thousand agents
 * that lost one server do not come back as one (M. Brooker, "Exponential Backoff and Jitter", 2015).
 */
export class Backoff {
  readonly #options: BackoffOptions;
  #failures = 0;

  constructor(options: BackoffOptions) {
    this.#options = options;
  }

  get failures(): number {
    return this.#failures;
  }

  /** @returns how long to wait after another failure, in milliseconds */
  next(): number {
    const { baseMs, capMs, random = Math.random } = this.#options;
    const bound = Math.min(capMs, baseMs * 2 ** Math.min(this.#failures, 30));
    this.#failures += 1;
    return random() * bound;
  }

  reset(): void {
    this.#failures = 0;
  }
}
