/**
 * Bytes that may be promised to peers as credit, and so may come to be held here. A session's budget draws on the
 * process's: one session cannot use up what all share, and all together stay under one cap.
 */
export class CreditBudget {
  readonly #limitBytes: number;
  readonly #parent: CreditBudget | undefined;
  #used = 0;

  constructor(limitBytes: number, parent?: CreditBudget) {
    this.#limitBytes = limitBytes;
    this.#parent = parent;
  }

  get usedBytes(): number {
    return this.#used;
  }

  /** Of its own limit, or of what all share where that is less: 1 when nothing is taken, 0 when all is. */
  get freeShare(): number {
    return Math.min(1 - this.#used / this.#limitBytes, this.#parent?.freeShare ?? 1);
  }

  /** Takes all of it or nothing. */
  take(bytes: number): boolean {
    if (this.#used + bytes > this.#limitBytes) return false;
    if (this.#parent !== undefined && !this.#parent.take(bytes)) return false;
    this.#used += bytes;
    return true;
  }

  /** For growth: takes only of the first half. The other half is for streams that are still to come. */
  takeSpare(bytes: number): boolean {
    return this.#hasSpare(bytes) && this.take(bytes);
  }

  give(bytes: number): void {
    this.#used -= bytes;
    this.#parent?.give(bytes);
  }

  #hasSpare(bytes: number): boolean {
    return (this.#used + bytes) * 2 <= this.#limitBytes && (this.#parent === undefined || this.#parent.#hasSpare(bytes));
  }
}
