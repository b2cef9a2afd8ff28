/**
 * Who waits for an answer, and may leave before it is there. An AbortSignal says the same to more than one, at several times
 * the price, and every open pays it (docs/performance.md).
 */
export class Waiter {
  /** What is to be given up when it leaves: whoever works for it sets this, one after the other. */
  onLeft: (() => void) | undefined;
  #hasLeft = false;

  get hasLeft(): boolean {
    return this.#hasLeft;
  }

  leave(): void {
    if (this.#hasLeft) return;
    this.#hasLeft = true;
    this.onLeft?.();
  }
}
