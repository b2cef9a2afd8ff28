import { Collection } from './collection.ts';
import { collectionText, type CollectionKey } from './keys.ts';
import { byUse } from './shares.ts';
import type { Row, Table } from './table.ts';

/** Of one identity. A kubelet watches each ConfigMap and Secret of its Pods by name; others have a handful. */
const mostCollections = { own: 4096, other: 256 } as const;

const alikeText = ({ path, mediaType }: CollectionKey): string => `${mediaType} ${path}`;

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
  /** Those of one path in one representation, whoever's they are. */
  readonly #alike = new Map<string, Set<Collection>>();

  constructor(options: CollectionsOptions) {
    this.#options = options;
  }

  /** One that was read back. */
  load(key: CollectionKey, table: Table): void {
    this.#add(key, table, true, table.touchedAt);
  }

  /** Also one that is not whole. @param create its table, if there is none yet */
  get(key: CollectionKey, now: number, create: () => Table): Collection {
    const text = collectionText(key);
    let collection = this.#all.get(text);
    if (collection === undefined) {
      this.#boundNumber(key.identity);
      collection = this.#add(key, create(), false, now);
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
    collection.replaced();
    this.forgetIfEmpty(collection);
    if (why !== undefined) this.#options.dropped(collection, why);
  }

  /** A list that is still coming in makes it whole again. */
  forgetIfEmpty(collection: Collection): void {
    if (collection.live || collection.pending.size > 0) return;
    this.#all.delete(collectionText(collection.key));
    const alike = this.#alike.get(alikeText(collection.key));
    alike?.delete(collection);
    if (alike?.size === 0) this.#alike.delete(alikeText(collection.key));
  }

  /**
   * An object as another collection has it, byte for byte: most of what several clients of a node are given is the same, and is kept in memory once.
   *
   * @param row its key
   */
  same(key: CollectionKey, row: string, raw: Buffer): Pick<Row, 'meta' | 'raw'> | undefined {
    for (const { table } of this.#alike.get(alikeText(key)) ?? []) {
      const found = table.rows.get(row);
      if (found?.raw.equals(raw) === true) return found;
    }
    return undefined;
  }

  #add(key: CollectionKey, table: Table, live: boolean, usedAt: number): Collection {
    const collection = new Collection({ key, table, live, usedAt, same: (row, raw) => this.same(key, row, raw) });
    this.#all.set(collectionText(key), collection);
    const alike = this.#alike.get(alikeText(key)) ?? new Set();
    this.#alike.set(alikeText(key), alike.add(collection));
    return collection;
  }

  /** Makes room for one more of an identity: it may ask with as many selectors as it likes. */
  #boundNumber(identity: string): void {
    const most = identity === this.#options.ownIdentity ? mostCollections.own : mostCollections.other;
    const others = this.liveOnes().filter(({ key }) => key.identity === identity);
    const oldest = others.length < most ? undefined : others.toSorted(byUse)[0];
    if (oldest !== undefined) this.drop(oldest, `its identity has ${most} others, and had not used it for longest`);
  }
}
