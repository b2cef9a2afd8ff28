import type { Writable } from 'node:stream';
import type { CollectionKey } from '../cache/index.ts';

/** Over how long the ends of watches are spread: what they make clients ask comes over the link that is just back. Milliseconds. */
const spreadMs = 2000;
/** What a probe takes to say that the link of a lost session is cut off, where nothing hangs. Milliseconds. */
const verdictMs = 500;

/** What a watch is of. */
export interface Watched {
  readonly key: CollectionKey;
  /** Its client takes bookmarks. */
  readonly bookmarks: boolean;
}

/** Watches on which nothing comes from the cloud, because the link is cut off: open until it is back, then ended, so that their clients catch up. What is changed here is told on them. */
export class OpenWatches {
  readonly #open = new Map<Writable, Watched>();
  readonly #isConnected: () => boolean;

  /** @param isConnected whether the link is there, as far as is known now */
  constructor(isConnected: () => boolean) {
    this.#isConnected = isConnected;
  }

  get size(): number {
    return this.#open.size;
  }

  keep(watch: Writable, of: Watched): void {
    if (watch.destroyed) return;
    this.#open.set(watch, of);
    watch.once('close', () => this.#open.delete(watch));
    if (this.#isConnected()) this.#lookAgain(watch);
  }

  /** Sends frames on the watches that they concern. @param frames of what a watch is of; none: it is not concerned */
  tell(frames: (of: Watched) => readonly Buffer[]): void {
    for (const [watch, of] of this.#open) {
      const mine = frames(of);
      if (mine.length === 0) continue;
      // Whoever does not read is not waited for: it lists again when it does.
      if (watch.writableNeedDrain) {
        this.#open.delete(watch);
        watch.end();
      } else {
        for (const frame of mine) watch.write(frame);
      }
    }
  }

  /** The link is back. */
  endAll(): void {
    for (const watch of this.#open.keys()) setTimeout(() => void watch.end(), Math.random() * spreadMs).unref();
    this.#open.clear();
  }

  /** One session was lost, or one dial failed, and the link may well be there: then nobody says later that it is back. */
  #lookAgain(watch: Writable): void {
    setTimeout(() => {
      if (this.#isConnected() && this.#open.delete(watch)) watch.end();
    }, verdictMs + Math.random() * (spreadMs - verdictMs)).unref();
  }
}
