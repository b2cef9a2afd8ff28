import { finished } from 'node:stream/promises';
import { setTimeout as pause } from 'node:timers/promises';
import type { KeptEvent, KeptEvents } from '../cache/index.ts';
import { first } from '../common/headers.ts';
import { LinkError, type Link } from '../link/index.ts';

export interface EventSenderOptions {
  readonly link: Pick<Link, 'request' | 'state'>;
  readonly events: KeptEvents;
  /** One cannot be sent, or the API server does not want it: it is dropped. */
  readonly refused?: (event: KeptEvent, reason: unknown) => void;
  readonly timings?: Partial<EventTimings>;
}

export interface EventTimings {
  /** A link that is back has better things to carry first, and other nodes are back too: it begins at a random moment within this time. Milliseconds. */
  readonly spreadMs: number;
  /** Between two of them: a kubelet itself sends 50 a second at most (`eventRecordQPS`). Milliseconds. */
  readonly betweenMs: number;
  /** Until it is tried again, when the API server has too much to do and does not say how long. Milliseconds. */
  readonly retryMs: number;
}

const defaults: EventTimings = { spreadMs: 10_000, betweenMs: 50, retryMs: 10_000 };
const sendTimeoutMs = 10_000;
/** Longer than that nobody can make it wait. Seconds. */
const longestRetrySeconds = 300;

/** Tells the cloud what this node had to report while it was cut off: one after the other, as the node. */
export class EventSender implements Disposable {
  readonly #options: EventSenderOptions;
  readonly #timings: EventTimings;
  readonly #stopped = new AbortController();
  #runs = false;

  constructor(options: EventSenderOptions) {
    this.#options = options;
    this.#timings = { ...defaults, ...options.timings };
  }

  /** The link is there, or there is something to send. */
  wake(): void {
    if (this.#runs || !this.#mayGoOn()) return;
    this.#runs = true;
    void this.#run().finally(() => {
      this.#runs = false;
    });
  }

  [Symbol.dispose](): void {
    this.#stopped.abort();
  }

  /** Whoever finds the link back wakes it again. */
  #mayGoOn(): boolean {
    const { link, events } = this.#options;
    return !this.#stopped.signal.aborted && events.size > 0 && link.state.kind === 'connected';
  }

  async #run(): Promise<void> {
    await this.#pause(Math.random() * this.#timings.spreadMs);
    while (this.#mayGoOn()) {
      const event = this.#options.events.first()!;
      const waitMs = await this.#send(event);
      if (this.#stopped.signal.aborted) return;
      if (waitMs === undefined) this.#options.events.delete(event);
      await this.#pause(waitMs ?? this.#timings.betweenMs);
    }
  }

  /** @returns undefined when that was all about it, else after how many milliseconds to try again */
  async #send(event: KeptEvent): Promise<number | undefined> {
    const { name, goesOn, contentType, body } = event;
    const path = encodeURI(event.path);
    const { retryMs } = this.#timings;
    try {
      const answer = await this.#options.link.request({
        // An Event may be written over, and made in doing so, without a resourceVersion.
        ...(goesOn ? { method: 'PUT', path: `${path}/${encodeURIComponent(name)}` } : { method: 'POST', path }),
        headers: { 'content-type': contentType, accept: 'application/json' },
        via: 'node',
        body,
        signal: AbortSignal.any([this.#stopped.signal, AbortSignal.timeout(sendTimeoutMs)]),
      });
      await finished(answer.body.resume());
      const { status, headers } = answer;
      // 401: of a certificate that ran out while the node was cut off, and is being made new. It says nothing of the Event.
      if (status === 401 || status === 408 || status === 429 || status >= 500) return Math.min(Number(first(headers, 'retry-after')) || retryMs / 1000, longestRetrySeconds) * 1000;
      // 409: it got there before its answer was lost.
      if (status > 299 && status !== 409) this.#options.refused?.(event, `the API server answered ${status}`);
      return undefined;
    } catch (error) {
      if (error instanceof LinkError) return retryMs;
      this.#options.refused?.(event, error);
      return undefined;
    }
  }

  async #pause(ms: number): Promise<void> {
    await pause(ms, undefined, { signal: this.#stopped.signal, ref: false }).catch(() => {});
  }
}
