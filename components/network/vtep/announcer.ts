import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../../tunnel/common/log.ts';
import type { VtepTimings } from './timings.ts';

export interface AnnouncerOptions {
  /** @throws when it was not done */
  readonly announce: (text: string) => Promise<void>;
  readonly announced: (text: string) => void;
  readonly log: Log;
  readonly timings: Pick<VtepTimings, 'announceAgainMs' | 'announceAtMostMs'>;
  readonly signal: AbortSignal;
}

/** Tells the API what it is to say, one request at a time, again and again with longer pauses for as long as it refuses or is away. */
export class Announcer {
  readonly #options: AnnouncerOptions;
  #wanted: string | undefined;
  #working = false;
  #failures = 0;
  #pause = new AbortController();

  constructor(options: AnnouncerOptions) {
    this.#options = options;
  }

  /** Whether the API says something else than it should. */
  get wanting(): boolean {
    return this.#wanted !== undefined;
  }

  want(text: string): void {
    this.#wanted = text;
    if (!this.#working) void this.#work();
  }

  nothing(): void {
    this.#wanted = undefined;
    this.#failures = 0;
  }

  /** The API was heard: it is asked at once. */
  heard(): void {
    this.#pause.abort();
  }

  async #work(): Promise<void> {
    const { announce, announced, log, timings, signal } = this.#options;
    this.#working = true;
    try {
      while (this.#wanted !== undefined && !signal.aborted) {
        const text = this.#wanted;
        try {
          await announce(text);
          log.info({ text }, 'the Node says which MAC this node has');
          this.nothing();
          announced(text);
          return;
        } catch (error) {
          if (signal.aborted) return;
          log[this.#failures === 0 ? 'warn' : 'debug']({ reason: String(error) }, 'the Node does not say which MAC this node has, and could not be told');
        }
        this.#pause = new AbortController();
        const pauseMs = Math.min(timings.announceAtMostMs, timings.announceAgainMs * 2 ** this.#failures);
        this.#failures += 1;
        await sleep(pauseMs, undefined, { signal: AbortSignal.any([signal, this.#pause.signal]) }).catch(() => {});
      }
    } finally {
      this.#working = false;
    }
  }
}
