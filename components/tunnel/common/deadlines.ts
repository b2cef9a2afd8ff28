/** A wait that, nearly always, is over in time. */
export class Deadline {
  /** Of performance.now(), in milliseconds. */
  readonly at: number;
  readonly #waiting: Set<Deadline>;
  readonly #missed: () => void;

  constructor(at: number, waiting: Set<Deadline>, missed: () => void) {
    this.at = at;
    this.#waiting = waiting;
    this.#missed = missed;
    waiting.add(this);
  }

  /** It is over, in time or not any more: `missed` is not called from here on. */
  met(): void {
    this.#waiting.delete(this);
  }

  miss(): void {
    if (this.#waiting.delete(this)) this.#missed();
  }
}

/**
 * Deadlines of opens. A timer of Node's own costs each open its making, a place in a list and the list itself; here one timer, set
 * for the first that is due, looks who is still waiting when it goes off. It keeps no process alive: what is waited for does.
 */
export class Deadlines {
  readonly #waiting = new Set<Deadline>();
  #timer: NodeJS.Timeout | undefined;
  #looksAt = Infinity;

  /** @param ms as setTimeout takes them: less than 2^31 @param missed must not throw */
  in(ms: number, missed: () => void): Deadline {
    const deadline = new Deadline(performance.now() + ms, this.#waiting, missed);
    if (deadline.at < this.#looksAt) this.#lookAt(deadline.at);
    return deadline;
  }

  #lookAt(at: number): void {
    clearTimeout(this.#timer);
    this.#looksAt = at;
    this.#timer = setTimeout(() => this.#look(), Math.ceil(at - performance.now())).unref();
  }

  #look(): void {
    this.#looksAt = Infinity;
    const now = performance.now();
    const due = [...this.#waiting].filter(({ at }) => at <= now).sort((one, other) => one.at - other.at);
    for (const deadline of due) deadline.miss();
    let next = Infinity;
    for (const { at } of this.#waiting) next = Math.min(next, at);
    if (next < this.#looksAt) this.#lookAt(next);
  }
}

/** Of all opens of this process. */
export const openDeadlines = new Deadlines();
