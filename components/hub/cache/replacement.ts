import { compareResourceVersions, type TypeMeta, type WireObject } from '../wire/index.ts';
import { headOf, rowKey, rowMeta, type Collection, type ObjectRef, type PendingList } from './collection.ts';
import type { Draft } from './log/generations.ts';
import type { Row } from './table.ts';

/** What a list that comes in needs of the store. */
export interface ReplacementHost {
  /** The list has grown by some 256 KB. */
  grown(): void;
  /** It was committed, and cannot be kept: what there was is older than what the client got. */
  drop(collection: Collection, why?: string): void;
  /** It was committed or aborted. */
  ended(collection: Collection): void;
}

/** After so many bytes the store looks whether there is room. */
const lookEveryBytes = 256 * 1024;

/**
 * A list, or the initial events of a WatchList, on its way into the cache. Until {@link commit} nobody reads it, and a crash leaves what there was before.
 * Whoever begins one commits or aborts it.
 */
export class Replacement implements Disposable {
  readonly #collection: Collection;
  readonly #host: ReplacementHost;
  readonly #startedAt: number;
  readonly #pending: PendingList;
  readonly #rows = new Map<string, Row>();
  #draft: Draft | undefined;
  #bytes = 0;
  #lookAt = lookEveryBytes;
  #state: 'open' | 'failed' | 'over' = 'open';

  constructor(collection: Collection, host: ReplacementHost) {
    this.#collection = collection;
    this.#host = host;
    this.#startedAt = collection.changes;
    this.#draft = collection.table.begin();
    const bytes = (): number => this.#bytes;
    this.#pending = {
      fail: () => this.#fail(),
      get bytes() {
        return bytes();
      },
    };
    collection.pending.add(this.#pending);
  }

  /** An item of the list, or ADDED or MODIFIED before the bookmark. @param object its raw bytes are given away */
  put(object: WireObject): void {
    if (this.#state !== 'open') return;
    const key = rowKey(object);
    const { meta, raw } = this.#collection.kept(key, { meta: rowMeta(object), raw: object.raw });
    const row = this.#write((draft) => this.#collection.table.addTo(draft, key, meta, raw)) ?? { meta, raw, bytes: raw.length, time: 0 };
    this.#bytes += row.bytes;
    this.#rows.set(key, row);
    if (this.#bytes < this.#lookAt) return;
    this.#lookAt = this.#bytes + lookEveryBytes;
    this.#host.grown();
  }

  /** DELETED before the bookmark. */
  delete(object: ObjectRef): void {
    if (this.#state !== 'open' || !this.#rows.delete(rowKey(object))) return;
    this.#write((draft) => this.#collection.table.deleteFrom(draft, rowKey(object)));
  }

  /**
   * The list is whole: it is what counts from now on, and survives this process. Where a watch or another list has brought the collection further
   * meanwhile, that counts.
   *
   * @returns whether the collection is at this list, or at something newer; false when it cannot be kept, and the collection is dropped
   */
  commit({ type, resourceVersion }: { readonly type: TypeMeta; readonly resourceVersion: string }): boolean {
    const collection = this.#collection;
    if (this.#state === 'over') return false;
    const order = collection.live ? compareResourceVersions(resourceVersion, collection.resourceVersion) : 1;
    // A list that is older although nothing happened is that of a cluster that was restored from a backup.
    const overtaken = collection.changes !== this.#startedAt || collection.followers.size > 0;
    if (this.#state === 'failed' || (order === undefined && overtaken)) {
      this.abort();
      this.#host.drop(collection, order === undefined ? 'a list and a watch of it cannot be put in order' : undefined);
      return false;
    }
    if (order !== undefined && order < 0 && overtaken) {
      this.abort();
      return true;
    }
    collection.changes += 1;
    collection.live = true;
    this.#end();
    // Another client's list of the same may have come in beside this one.
    for (const [key, row] of this.#rows) this.#rows.set(key, collection.kept(key, row));
    collection.table.replace(this.#rows, headOf(type, resourceVersion), this.#draft);
    collection.replaced();
    this.#host.grown();
    return collection.live;
  }

  /** What was there before stays. */
  abort(): void {
    if (this.#state === 'over') return;
    this.#draft?.discard();
    this.#end();
  }

  [Symbol.dispose](): void {
    this.abort();
  }

  /** @returns undefined when there is no draft any more: what comes is kept in memory, and written when what it replaces takes no room any more */
  #write<T>(write: (draft: Draft) => T): T | undefined {
    try {
      return this.#draft === undefined ? undefined : write(this.#draft);
    } catch {
      this.#draft = undefined;
      return undefined;
    }
  }

  #fail(): void {
    this.#draft?.discard();
    this.#draft = undefined;
    this.#rows.clear();
    this.#bytes = 0;
    this.#state = 'failed';
  }

  #end(): void {
    this.#state = 'over';
    this.#collection.pending.delete(this.#pending);
    this.#host.ended(this.#collection);
  }
}
