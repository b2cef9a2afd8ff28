import type { CollectionKey } from '../cache/index.ts';
import type { KubeRequest, ListHead, Representation, WireObject } from '../wire/index.ts';
import type { Pages } from './pages.ts';

/** Takes a list that goes by, or a page of one, into the cache. Whoever makes one ends or aborts it. */
export class ListRecord {
  readonly #pages: Pages;
  readonly #key: CollectionKey;
  readonly #fits: Representation['fits'];
  #into: ReturnType<Pages['begin']>;

  /** Nothing is kept of the past: `Exact`, which is what a `limit` means too beside a resourceVersion without a match ("Resource versions" of the API's documentation). */
  constructor(pages: Pages, key: CollectionKey, { fits }: Representation, { options }: KubeRequest) {
    this.#pages = pages;
    this.#key = key;
    this.#fits = fits;
    const { resourceVersion, resourceVersionMatch, limit } = options;
    const isPast = resourceVersionMatch === 'Exact' || (resourceVersionMatch === '' && limit > 0 && resourceVersion !== '' && resourceVersion !== '0');
    this.#into = isPast ? undefined : pages.begin(key, options.continue);
  }

  put(objects: readonly WireObject[]): void {
    for (const object of objects) this.#into?.replacement.put(object);
  }

  /** All of this answer has come. */
  end(head: ListHead): void {
    const into = this.#into;
    if (into === undefined) return;
    this.#into = undefined;
    const { replacement, resourceVersion } = into;
    // The rest of a list that was forgotten in the middle is of another time: the two are no list.
    if (!this.#fits(head.type) || (resourceVersion !== undefined && resourceVersion !== head.resourceVersion)) replacement.abort();
    else if (head.continue === '') replacement.commit(head);
    else this.#pages.wait(this.#key, head.continue, replacement, head.resourceVersion);
  }

  abort(): void {
    this.#into?.replacement.abort();
    this.#into = undefined;
  }
}
