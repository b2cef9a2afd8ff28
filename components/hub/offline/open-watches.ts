import type { Writable } from 'node:stream';

/** Over how long the ends of watches are spread: what they make clients ask comes over the link that is just back. Milliseconds. */
const spreadMs = 2000;
/** What a probe takes to say that the link of a lost session is cut off, where nothing hangs. Milliseconds. */
const verdictMs = 500;

/** Watches that nothing comes on, because the link is cut off: open until it is back, then ended, so that their clients catch up. */
export class OpenWatches {
  readonly #open = new Set<Writable>();
  readonly #isConnected: () => boolean;

  /** @param isConnected whether the link is there, as far as is known now */
  constructor(isConnected: () => boolean) {
    this.#isConnected = isConnected;
  }

  get size(): number {
    return this.#open.size;
  }

  keep(watch: Writable): void {
    if (watch.destroyed) return;
    this.#open.add(watch);
    watch.once('close', () => this.#open.delete(watch));
    if (this.#isConnected()) this.#lookAgain(watch);
  }

  /** The link is back. */
  endAll(): void {
    for (const watch of this.#open) setTimeout(() => void watch.end(), Math.random() * spreadMs).unref();
    this.#open.clear();
  }

  /** One session was lost, or one dial failed, and the link may well be there: then nobody says later that it is back. */
  #lookAgain(watch: Writable): void {
    setTimeout(() => {
      if (this.#isConnected() && this.#open.delete(watch)) watch.end();
    }, verdictMs + Math.random() * (spreadMs - verdictMs)).unref();
  }
}
