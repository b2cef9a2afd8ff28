export interface LivenessOptions {
  /** A question that is unanswered for so long, with nothing else heard, has found the session dead. Milliseconds. */
  readonly withinMs: number;
  /** The same, and it is doubtful. Milliseconds. */
  readonly doubtMs: number;
  /** It asks when a request got no answer for so long, and nothing was heard since. Milliseconds. */
  readonly owedMs: number;
  /** When the oldest request was sent that has no first word of an answer yet, by `now`; undefined when there is none. */
  readonly owedSince: () => number | undefined;
  /** Bytes received on the session's socket so far. */
  readonly received: () => number;
  /** Sends a PING. @returns false when it cannot. `answered` is told when it is. */
  readonly ping: (answered: () => void) => boolean;
  readonly heard: () => void;
  readonly doubted: () => void;
  readonly dead: (reason: string) => void;
  /** Milliseconds, of a clock that nobody sets. */
  readonly now?: () => number;
}

/** How often it is looked whether anything came, in the time after which it asks for the shorter of the two reasons. */
const looks = 8;

const lookMs = (everyMs: number, owedMs: number): number => Math.min(everyMs, owedMs) / looks;

/** The longest silence before a question, when one is asked after so much of it. Milliseconds. */
export function longestSilenceMs(everyMs: number, owedMs: number): number {
  const look = lookMs(everyMs, owedMs);
  return look * (Math.ceil(everyMs / look - 0.5) + 1);
}

/**
 * Asks a session whether its other end is there: when it has been silent for a while, and sooner when it owes an answer. Whatever is received counts as one: behind
 * a big list on a thin link a PING's own may wait for long, and where something comes anyway, nothing need be sent.
 */
export class Liveness {
  readonly #options: LivenessOptions;
  readonly #now: () => number;
  #timer: NodeJS.Timeout | undefined;
  #everyMs = 0;
  #deadline: NodeJS.Timeout | undefined;
  #doubt: NodeJS.Timeout | undefined;
  #stopped = false;
  #received = 0;
  #silentSince: number;

  constructor(options: LivenessOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#silentSince = this.#now();
  }

  /** After how much silence it asks. Milliseconds. */
  set everyMs(ms: number) {
    if (ms === this.#everyMs || this.#stopped) return;
    this.#everyMs = ms;
    clearInterval(this.#timer);
    this.#timer = setInterval(() => this.#look(), lookMs(ms, this.#options.owedMs));
  }

  /** Whether a question is open. */
  get isAsking(): boolean {
    return this.#deadline !== undefined;
  }

  /** Asks now, unless a question is open. */
  check(): void {
    if (this.#deadline !== undefined || this.#stopped) return;
    const { ping, heard } = this.#options;
    const sent = ping(() => {
      this.#clear();
      heard();
    });
    if (sent) this.#await();
  }

  stop(): void {
    this.#stopped = true;
    clearInterval(this.#timer);
    this.#clear();
  }

  #look(): void {
    const received = this.#options.received();
    const now = this.#now();
    if (received !== this.#received) {
      this.#received = received;
      this.#silentSince = now;
      this.#options.heard();
    } else if (this.#isTooLong(now)) {
      this.#silentSince = now;
      this.check();
    }
  }

  #isTooLong(now: number): boolean {
    const { owedMs, owedSince } = this.#options;
    // Timers are not exact: what is less than half a look too early is the look that was meant.
    const soon = now + lookMs(this.#everyMs, owedMs) / 2;
    const since = owedSince();
    return soon - this.#silentSince >= this.#everyMs || (since !== undefined && soon - Math.max(since, this.#silentSince) >= owedMs);
  }

  #await(): void {
    const { withinMs, doubtMs, received, doubted, dead, heard } = this.#options;
    const before = received();
    this.#deadline = this.#after(withinMs, () => {
      if (received() === before) return dead(`it was silent for ${withinMs / 1000} s`);
      heard();
      this.#await();
    });
    clearTimeout(this.#doubt);
    this.#doubt = this.#after(doubtMs, () => {
      if (received() === before) doubted();
    });
  }

  /** Runs it then, unless the question was answered. */
  #after(ms: number, work: () => void): NodeJS.Timeout {
    return setTimeout(() => {
      // When this process was held up, the answer may be with the kernel: the timers come first, and what was received after them.
      setImmediate(() => setImmediate(() => {
        if (this.#deadline !== undefined && !this.#stopped) work();
      }));
    }, ms);
  }

  #clear(): void {
    clearTimeout(this.#deadline);
    clearTimeout(this.#doubt);
    this.#deadline = undefined;
  }
}
