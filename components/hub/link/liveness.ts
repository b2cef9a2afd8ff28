export interface LivenessOptions {
  /** Milliseconds. */
  readonly withinMs: number;
  /** Bytes received on the session's socket so far. */
  readonly received: () => number;
  /** Sends a PING. @returns false when it cannot. `answered` is told when it is. */
  readonly ping: (answered: () => void) => boolean;
  readonly heard: () => void;
  readonly dead: (reason: string) => void;
}

/** How often within the time of a question it is looked whether anything came. */
const looks = 8;

/** The longest silence before a question, when one is asked after so much of it. Milliseconds. */
export const longestSilenceMs = (everyMs: number): number => everyMs * (1 + 1 / looks);

/**
 * Asks a session that has been silent for a while whether its other end is there. Whatever is received counts as an answer: behind a big list on a
 * thin link a PING's own may wait for long, and where something comes anyway, nothing need be sent.
 */
export class Liveness {
  readonly #options: LivenessOptions;
  #timer: NodeJS.Timeout | undefined;
  #everyMs = 0;
  #deadline: NodeJS.Timeout | undefined;
  #stopped = false;
  #received = 0;
  #silentSince = performance.now();

  constructor(options: LivenessOptions) {
    this.#options = options;
  }

  /** After how much silence it asks. Milliseconds. */
  set everyMs(ms: number) {
    if (ms === this.#everyMs || this.#stopped) return;
    this.#everyMs = ms;
    clearInterval(this.#timer);
    this.#timer = setInterval(() => this.#look(), ms / looks);
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
      clearTimeout(this.#deadline);
      this.#deadline = undefined;
      heard();
    });
    if (sent) this.#await();
  }

  stop(): void {
    this.#stopped = true;
    clearInterval(this.#timer);
    clearTimeout(this.#deadline);
  }

  #look(): void {
    const received = this.#options.received();
    if (received !== this.#received) {
      this.#received = received;
      this.#silentSince = performance.now();
      this.#options.heard();
      // Timers are not exact: what is less than half a look too early is the look that was meant.
    } else if (performance.now() - this.#silentSince >= this.#everyMs * (1 - 0.5 / looks)) {
      this.#silentSince = performance.now();
      this.check();
    }
  }

  #await(): void {
    const { withinMs, received, dead, heard } = this.#options;
    const before = received();
    this.#deadline = setTimeout(() => {
      // When this process was held up, the answer may be with the kernel: the timers come first, and what was received after them.
      setImmediate(() => setImmediate(() => {
        if (this.#deadline === undefined || this.#stopped) return;
        if (received() === before) return dead(`it was silent for ${withinMs / 1000} s`);
        heard();
        this.#await();
      }));
    }, withinMs);
  }
}
