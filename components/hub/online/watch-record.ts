import type { CacheStore, CollectionKey, Follower } from '../cache/index.ts';
import type { KubeRequest, Representation, WatchFrame } from '../wire/index.ts';

/** Takes what a watch brings, frame by frame: into a list that is coming in, or into what was kept before. */
export class WatchRecord implements Disposable {
  readonly #store: CacheStore;
  readonly #key: CollectionKey;
  readonly #fits: Representation['fits'];
  #initial: ReturnType<CacheStore['begin']> | undefined;
  #follower: Follower | undefined;
  #clientHasAll: boolean;
  /** The client knows more than what is kept, and changes between the two are not known. */
  readonly isAhead: boolean;

  constructor(store: CacheStore, key: CollectionKey, { fits }: Representation, { options }: KubeRequest) {
    this.#store = store;
    this.#key = key;
    this.#fits = fits;
    this.#clientHasAll = options.sendInitialEvents !== true && options.resourceVersion !== '' && options.resourceVersion !== '0';
    if (options.sendInitialEvents === true) this.#initial = store.begin(key);
    // One that begins "anywhere" brings its objects first, and never says when that was all.
    else if (this.#clientHasAll) this.#follower = store.follow(key, options.resourceVersion);
    this.isAhead = this.#clientHasAll && this.#follower === undefined;
    if (this.isAhead) store.drop(key);
  }

  /** Whether the client knows what there is: it did when it came, or has had the end of its initial events. */
  get clientHasAll(): boolean {
    return this.#clientHasAll;
  }

  record(frame: WatchFrame): void {
    if (frame.type === 'BOOKMARK' && frame.initialEventsEnd) this.#clientHasAll = true;
    if (this.#follower !== undefined) {
      if (!this.#follower.record(frame)) this[Symbol.dispose]();
      return;
    }
    const initial = this.#initial;
    if (initial === undefined) return;
    if (frame.type === 'ERROR' || !this.#fits(frame.of)) return this[Symbol.dispose]();
    if (frame.type === 'DELETED') initial.delete(frame.object);
    else if (frame.type !== 'BOOKMARK') initial.put(frame.object);
    else if (frame.initialEventsEnd) {
      this.#initial = undefined;
      if (initial.commit({ type: frame.of, resourceVersion: frame.resourceVersion })) this.#follower = this.#store.follow(this.#key, frame.resourceVersion);
    }
  }

  /** A frame could not be recorded, and the client has it: what is kept is not what it knows any more. */
  lost(): void {
    if (this.#follower !== undefined) this.#store.drop(this.#key);
    this[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    this.#initial?.abort();
    this.#initial = undefined;
    this.#follower?.close();
    this.#follower = undefined;
  }
}
