import type { Writable } from 'node:stream';

/** Over how long the ends of watches are spread: what they make clients ask comes over the link that is just back. Milliseconds. */
const spreadMs = 2000;

/** Watches that nothing comes on, because the link is cut off: open until it is back, then ended, so that their clients catch up. */
export class OpenWatches {
  readonly #open = new Set<Writable>();

  get size(): number {
    return this.#open.size;
  }

  keep(watch: Writable): void {
    if (watch.destroyed) return;
    this.#open.add(watch);
    watch.once('close', () => this.#open.delete(watch));
  }

  /** The link is back. */
  endAll(): void {
    for (const watch of this.#open) setTimeout(() => void watch.end(), Math.random() * spreadMs).unref();
    this.#open.clear();
  }
}
