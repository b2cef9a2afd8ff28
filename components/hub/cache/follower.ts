import type { WatchFrame } from '../wire/index.ts';
import type { Collection } from './collection.ts';

export interface FollowerHost {
  readonly now: () => number;
  /** The collection has grown. */
  grown(): void;
  /** It cannot go on: a change is missing from it. */
  drop(collection: Collection, why: string): void;
}

/** One watch that goes through the hub, as the cache hears of it. Whoever opens it closes it. */
export class Follower implements Disposable {
  readonly #collection: Collection;
  readonly #host: FollowerHost;

  constructor(collection: Collection, host: FollowerHost) {
    this.#collection = collection;
    this.#host = host;
    collection.followers.add(this);
  }

  /**
   * A frame of the watch, before the client gets it: when this returns, it survives this process. Frames of what is known already change nothing.
   *
   * @returns false when nothing more of this watch is recorded: the collection was dropped
   */
  record(frame: WatchFrame): boolean {
    const collection = this.#collection;
    if (!collection.followers.has(this)) return false;
    if (frame.type === 'ERROR') return true;
    const { apiVersion, kind } = collection.type;
    if (frame.of.kind !== kind || frame.of.apiVersion !== apiVersion) {
      this.#host.drop(collection, `a watch of ${kind} brought ${frame.of.apiVersion} ${frame.of.kind}`);
      return false;
    }
    collection.usedAt = this.#host.now();
    if (frame.type === 'BOOKMARK') collection.bookmark(frame.resourceVersion);
    else collection.apply(frame.type, frame.object);
    this.#host.grown();
    return collection.followers.has(this);
  }

  close(): void {
    const { followers, listeners } = this.#collection;
    if (!followers.delete(this)) return;
    this.#collection.usedAt = this.#host.now();
    if (followers.size === 0) for (const listener of listeners) listener.unfollowed();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
