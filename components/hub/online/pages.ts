import type { CacheStore, CollectionKey, Replacement } from '../cache/index.ts';

/** A list that came in part, until its client asks for the rest. */
interface Waiting {
  readonly id: string;
  readonly identity: string;
  readonly replacement: Replacement;
  readonly resourceVersion: string;
  readonly timer: NodeJS.Timeout;
}

/** So many at once; of whoever has most the oldest goes first. Each is on disk in part, and counts as part of the cache. */
const mostWaiting = 8;
/** After that the API server does not know any more what the rest was (etcd is compacted every 5 minutes). Milliseconds. */
const waitMs = 5 * 60_000;

/** Lists that clients ask for page by page (`limit`, `continue`): they are whole when the last page has come. */
export class Pages implements Disposable {
  readonly #store: CacheStore;
  readonly #waiting = new Map<string, Waiting>();

  constructor(store: CacheStore) {
    this.#store = store;
  }

  /**
   * A page begins to come in.
   *
   * @param token `continue` of the request, '' for the first page
   * @returns where it goes, and the resourceVersion of the pages before; undefined when those were not kept
   */
  begin(key: CollectionKey, token: string): { readonly replacement: Replacement; readonly resourceVersion: string | undefined } | undefined {
    if (token === '') return { replacement: this.#store.begin(key), resourceVersion: undefined };
    const before = this.#take(idOf(key, token));
    return before && { replacement: before.replacement, resourceVersion: before.resourceVersion };
  }

  /** More will come. @param token `continue` of the answer */
  wait(key: CollectionKey, token: string, replacement: Replacement, resourceVersion: string): void {
    const id = idOf(key, token);
    this.#take(id)?.replacement.abort();
    if (this.#waiting.size >= mostWaiting) this.#giveUpOne();
    const timer = setTimeout(() => this.#take(id)?.replacement.abort(), waitMs).unref();
    this.#waiting.set(id, { id, identity: key.identity, replacement, resourceVersion, timer });
  }

  [Symbol.dispose](): void {
    for (const id of [...this.#waiting.keys()]) this.#take(id)?.replacement.abort();
  }

  /** Nobody is to lose what it began by what others begin. */
  #giveUpOne(): void {
    const shares = [...Map.groupBy(this.#waiting.values(), ({ identity }) => identity).values()];
    const [oldest] = shares.reduce((most, share) => (share.length > most.length ? share : most));
    if (oldest !== undefined) this.#take(oldest.id)?.replacement.abort();
  }

  #take(id: string): Waiting | undefined {
    const found = this.#waiting.get(id);
    clearTimeout(found?.timer);
    this.#waiting.delete(id);
    return found;
  }
}

const idOf = ({ identity, path, fieldSelector, labelSelector, mediaType }: CollectionKey, token: string): string => JSON.stringify([identity, path, fieldSelector, labelSelector, mediaType, token]);
