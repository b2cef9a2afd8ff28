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

/**
 * Asks a session again and again whether its other end is there. Whatever is received counts as an answer: behind a big list on a
 * thin link a PING's own may wait for long.
 */
export class Liveness {
  readonly #options: LivenessOptions;
  #timer: NodeJS.Timeout | undefined;
  #everyMs = 0;
  #deadline: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(options: LivenessOptions) {
    this.#options = options;
  }

  /** Milliseconds. */
  set everyMs(ms: number) {
    if (ms === this.#everyMs || this.#stopped) return;
    this.#everyMs = ms;
    clearInterval(this.#timer);
    this.#timer = setInterval(() => this.check(), ms);
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
