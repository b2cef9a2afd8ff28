import { setTimeout as sleep } from 'node:timers/promises';
import { clientGone, notSent, type LinkError } from './link-error.ts';
import type { LinkListener, LinkState } from './link-state.ts';
import { orGone } from './or-gone.ts';
import type { LinkTimings } from './timings.ts';

export interface LinkWatchOptions {
  readonly timings: LinkTimings;
  /** Asks whether the API server is there. @param relieved aborted when that has turned out without an answer @returns why it is not, or undefined */
  readonly probe: (relieved: AbortSignal | undefined) => Promise<string | undefined>;
  readonly probed: (reason: string | undefined) => void;
  /** Aborted when the link is stopped. */
  readonly signal: AbortSignal;
}

/** Keeps the link's state: probes when there is a suspicion, and again and again while cut off, one at a time. */
export class LinkWatch {
  readonly #options: LinkWatchOptions;
  readonly #listeners = new Set<LinkListener>();
  #state: LinkState = { kind: 'unknown', since: new Date() };
  /** The end of the probe that comes next, or is under way. */
  #verdict = Promise.withResolvers<void>();
  /** Ends the wait for a reason to probe. */
  #suspicious = Promise.withResolvers<void>();
  /** Something speaks against the link, and no probe has begun since. */
  #isSuspected = false;
  /** Of a doubt, while nothing worse speaks against the link. */
  #relief: AbortController | undefined;

  constructor(options: LinkWatchOptions) {
    this.#options = options;
  }

  get state(): LinkState {
    return this.#state;
  }

  onChange(listener: LinkListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Waits for the first verdict after a start, for a second at most. */
  async settled(): Promise<LinkState> {
    while (this.#state.kind === 'unknown') {
      const { promise, resolve } = Promise.withResolvers<void>();
      const off = this.onChange(() => resolve());
      await promise;
      off();
    }
    return this.#state;
  }

  /** @throws LinkError `CUT_OFF` when it is */
  async orCutOff(): Promise<void> {
    const state = await this.settled();
    if (state.kind === 'cutOff') throw this.#cutOff(state);
  }

  /** Something speaks against the link. */
  suspect(): void {
    this.#isSuspected = true;
    this.#relief = undefined;
    this.#suspicious.resolve();
  }

  /** Silence alone speaks against it: it is probed at once, unless something is heard before that has an end. */
  doubt(): void {
    if (this.#isSuspected || this.#state.kind !== 'connected') return;
    this.#relief = new AbortController();
    this.#suspicious.resolve();
  }

  /** Something was heard. */
  relieve(): void {
    this.#relief?.abort();
  }

  /** Waits for what the next probe finds. @throws LinkError `CLIENT_GONE`, `CUT_OFF` when the link is being stopped */
  async nextVerdict(signal: AbortSignal): Promise<void> {
    if (this.#options.signal.aborted) throw notSent('CUT_OFF', stopped);
    if (signal.aborted) throw clientGone();
    this.suspect();
    await orGone(this.#verdict.promise, signal);
  }

  /** Returns when the link is stopped. */
  async run(): Promise<void> {
    const { signal, timings, probe, probed } = this.#options;
    const { firstVerdictMs, probeEveryMs, suspicionJitterMs } = timings;
    const first = setTimeout(() => {
      if (this.#state.kind === 'unknown') this.#enter({ kind: 'cutOff', since: new Date(), reason: `no answer within ${firstVerdictMs / 1000} s of the start` });
    }, firstVerdictMs);
    while (!signal.aborted) {
      const startedAt = performance.now();
      this.#suspicious = Promise.withResolvers();
      this.#isSuspected = false;
      // Cut off, only an answer counts: a load balancer that has lost its backends answers PINGs too.
      const relief = this.#state.kind === 'connected' ? this.#relief : undefined;
      const reason = await probe(relief?.signal);
      if (this.#relief === relief) this.#relief = undefined;
      if (signal.aborted) break;
      probed(reason);
      this.#conclude(reason);
      const jitterMs = Math.random() * suspicionJitterMs;
      if (reason === undefined) await this.#suspicion();
      // Nodes whose links fall silent together were not asked together: a doubt need not wait.
      if (reason === undefined && this.#relief !== undefined) continue;
      // A probe that hung has used its time: the next one follows at once, or a link that is back would be found late.
      const pauseMs = reason === undefined ? jitterMs : Math.max(jitterMs, probeEveryMs * (0.75 + Math.random() / 2) - (performance.now() - startedAt));
      await sleep(pauseMs, undefined, { signal }).catch(() => {});
    }
    clearTimeout(first);
    if (this.#state.kind === 'unknown') this.#enter({ kind: 'cutOff', since: new Date(), reason: stopped });
    this.#tellVerdict();
    this.#listeners.clear();
  }

  #conclude(reason: string | undefined): void {
    const { kind } = this.#state;
    if (reason !== undefined && kind === 'cutOff') this.#state = { ...this.#state, kind, reason };
    else if (reason !== undefined) this.#enter({ kind: 'cutOff', since: new Date(), reason });
    else if (kind !== 'connected') this.#enter({ kind: 'connected', since: new Date() });
    this.#tellVerdict();
  }

  #enter(state: LinkState): void {
    const before = this.#state;
    this.#state = state;
    for (const listener of this.#listeners) listener(state, before);
  }

  #tellVerdict(): void {
    const { resolve } = this.#verdict;
    this.#verdict = Promise.withResolvers();
    resolve();
  }

  async #suspicion(): Promise<void> {
    const { signal } = this.#options;
    const stop = (): void => this.suspect();
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    await this.#suspicious.promise;
    signal.removeEventListener('abort', stop);
  }

  #cutOff({ since, reason }: Extract<LinkState, { kind: 'cutOff' }>): LinkError {
    return notSent('CUT_OFF', `this node is cut off from the API server since ${since.toISOString()}: ${reason}`);
  }
}

const stopped = 'the hub is being stopped';
