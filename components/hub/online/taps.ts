import type { AnswerTap } from '../front/index.ts';
import type { CacheStore, CollectionKey, Follower, ObjectKey } from '../cache/index.ts';
import type { KubeRequest, Representation, WatchFrame } from '../wire/index.ts';

/** What an answer cannot be kept for: it goes on to its client all the same. */
export type Troubled = (reason: unknown) => void;

/** Runs the parts of a tap's work; the first failure is told and ends it, and the client's answer goes on. */
function guard(failed: (reason: unknown) => void): (work: () => void) => void {
  let over = false;
  return (work) => {
    if (over) return;
    try {
      work();
    } catch (reason) {
      over = true;
      failed(reason);
    }
  };
}

/** Keeps a list that goes by, when its last byte has come. A page of one is not the whole, and is not kept. */
export function listTap(store: CacheStore, key: CollectionKey, { codec, fits }: Representation, troubled: Troubled): AnswerTap {
  const reader = codec.listReader();
  const replacement = store.begin(key);
  const guarded = guard((reason) => {
    replacement.abort();
    troubled(reason);
  });
  return {
    piece: (chunk) => guarded(() => {
      for (const object of reader.feed(chunk)) replacement.put(object);
    }),
    whole: () => guarded(() => {
      const head = reader.end();
      if (head.continue !== '' || !fits(head.type)) replacement.abort();
      else replacement.commit(head);
    }),
    broken: () => {
      replacement.abort();
      return false;
    },
  };
}

/** Takes what a watch brings, frame by frame: into a list that is coming in, or into what was kept before. */
export class WatchRecord implements Disposable {
  readonly #store: CacheStore;
  readonly #key: CollectionKey;
  readonly #fits: Representation['fits'];
  #initial: ReturnType<CacheStore['begin']> | undefined;
  #follower: Follower | undefined;
  #clientHasAll: boolean;

  constructor(store: CacheStore, key: CollectionKey, { fits }: Representation, { options }: KubeRequest) {
    this.#store = store;
    this.#key = key;
    this.#fits = fits;
    this.#clientHasAll = options.sendInitialEvents !== true && options.resourceVersion !== '' && options.resourceVersion !== '0';
    if (options.sendInitialEvents === true) this.#initial = store.begin(key);
    // One that begins "anywhere" brings its objects first, and never says when that was all.
    else if (this.#clientHasAll) this.#follower = store.follow(key, options.resourceVersion);
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

  [Symbol.dispose](): void {
    this.#initial?.abort();
    this.#initial = undefined;
    this.#follower?.close();
    this.#follower = undefined;
  }
}

/** Keeps what a watch brings, before its client has it. Whoever made the record ends it. */
export function watchTap(record: WatchRecord, { codec }: Representation, troubled: Troubled): AnswerTap {
  const reader = codec.watchReader();
  const guarded = guard((reason) => {
    record[Symbol.dispose]();
    troubled(reason);
  });
  return {
    piece: (chunk) => guarded(() => {
      for (const frame of reader.feed(chunk)) record.record(frame);
    }),
  };
}

/** The largest answer that is kept as one object. */
const maxObjectBytes = 4 * 1024 * 1024;

/** Keeps one object, when all of it has come. */
export function objectTap(store: CacheStore, key: ObjectKey, { codec, fits }: Representation, troubled: Troubled): AnswerTap {
  const chunks: Buffer[] = [];
  let bytes = 0;
  return {
    piece: (chunk) => {
      bytes += chunk.length;
      if (bytes <= maxObjectBytes) chunks.push(chunk);
      else chunks.length = 0;
    },
    whole: () => guard(troubled)(() => {
      if (bytes > maxObjectBytes) return;
      const { type, object } = codec.readObject(Buffer.concat(chunks));
      if (fits(type)) store.putObject(key, type, object);
    }),
  };
}
