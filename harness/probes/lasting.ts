/** Tells what lasts from what comes and goes, by looks again and again: an attempt that is refused is over soon, a session is not. */
export class Lasting {
  readonly #longerThanMs: number;
  #firstSeen = new Map<string, number>();

  /** @param longerThanMs what is seen for longer lasts */
  constructor(longerThanMs: number) {
    this.#longerThanMs = longerThanMs;
  }

  /**
   * @param seen what there is at this look, each by a name of its own
   * @param now milliseconds, of a clock that only goes forward
   * @returns what lasts
   */
  look(seen: readonly string[], now: number): string[] {
    this.#firstSeen = new Map(seen.map((one) => [one, this.#firstSeen.get(one) ?? now]));
    return seen.filter((one) => now - this.#firstSeen.get(one)! > this.#longerThanMs);
  }
}
