import { Collection } from './collection.ts';
import { collectionText, type CollectionKey } from './keys.ts';
import type { Table } from './table.ts';

/** Of one identity. A kubelet watches each ConfigMap and Secret of its Pods by name; others have a handful. */
const mostCollections = { own: 4096, other: 256 } as const;

export interface CollectionsOptions {
  /** Whose may be many: the node's own. */
  readonly ownIdentity: string;
  /** One is not cached any more. */
  readonly dropped: (collection: Collection, why: string) => void;
}

/** All collections: those that are whole, and those of which a list is coming in. */
export class Collections {
  readonly #options: CollectionsOptions;
  readonly #all = new Map<string, Collection>();

  constructor(options: CollectionsOptions) {
    this.#options = options;
  }

  /** One that was read back. */
  load(key: CollectionKey, table: Table): void {
    this.#all.set(collectionText(key), new Collection(key, table, true, table.touchedAt));
  }

  /** Also one that is not whole. @param create its table, if there is none yet */
  get(key: CollectionKey, now: number, create: () => Table): Collection {
    const text = collectionText(key);
    let collection = this.#all.get(text);
    if (collection === undefined) {
      this.#boundNumber(key.identity);
      collection = new Collection(key, create(), false, now);
      this.#all.set(text, collection);
    }
    collection.usedAt = now;
    return collection;
  }

  /** @returns undefined when it is not whole */
  live(key: CollectionKey): Collection | undefined {
    const collection = this.#all.get(collectionText(key));
    return collection?.live === true ? collection : undefined;
  }

  liveOnes(): Collection[] {
    return this.all().filter(({ live }) => live);
  }

  all(): Collection[] {
    return [...this.#all.values()];
  }

  get bytes(): number {
    let sum = 0;
    for (const { bytes } of this.#all.values()) sum += bytes;
    return sum;
  }

  /** @param why undefined where nobody need be told */
  drop(collection: Collection, why?: string): void {
    collection.live = false;
    collection.followers.clear();
    collection.changes += 1;
    collection.table.discard();
    this.forgetIfEmpty(collection);
    if (why !== undefined) this.#options.dropped(collection, why);
  }

  /** A list that is still coming in makes it whole again. */
  forgetIfEmpty(collection: Collection): void {
    if (!collection.live && collection.pending.size === 0) this.#all.delete(collectionText(collection.key));
  }

  /** Makes room for one more of an identity: it may ask with as many selectors as it likes. */
  #boundNumber(identity: string): void {
    const most = identity === this.#options.ownIdentity ? mostCollections.own : mostCollections.other;
    const others = this.liveOnes().filter(({ key }) => key.identity === identity);
    const oldest = others.length < most ? undefined : others.reduce((a, b) => (b.usedAt < a.usedAt ? b : a));
    if (oldest !== undefined) this.drop(oldest, `its identity has ${most} others, and had not used it for longest`);
  }
}
