import type { Collection, PendingList } from './collection.ts';
import type { ObjectEntry } from './objects.ts';

/** What may go: a collection, a list of one that is coming in, or a single object. */
export interface Candidate {
  readonly usedAt: number;
  readonly bytes: number;
  readonly collection?: Collection;
  readonly list?: PendingList;
  readonly object?: ObjectEntry;
}

/** What one identity has of the cache. */
export class Share {
  readonly identity: string;
  /** What was used last comes last. */
  readonly #candidates: Candidate[];
  #at = 0;
  bytes: number;

  constructor(identity: string, candidates: readonly Candidate[]) {
    this.identity = identity;
    this.#candidates = candidates.toSorted((a, b) => a.usedAt - b.usedAt);
    this.bytes = candidates.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** What it has not used for longest; lists that are coming in are behind all others. */
  get next(): Candidate | undefined {
    return this.#candidates[this.#at];
  }

  /** That is gone. */
  drop(): void {
    this.bytes -= this.next?.bytes ?? 0;
    this.#at += 1;
  }
}

export function sharesOf(collections: readonly Collection[], objects: readonly ObjectEntry[]): Share[] {
  const owned: (Candidate & { readonly identity: string })[] = [
    ...collections.flatMap((collection) => {
      const { identity } = collection.key;
      const whole = collection.live ? [{ identity, usedAt: collection.usedAt, bytes: collection.table.bytes, collection }] : [];
      return [...whole, ...Array.from(collection.pending, (list) => ({ identity, usedAt: Infinity, bytes: list.bytes, collection, list }))];
    }),
    ...objects.map((object) => ({ identity: object.identity, usedAt: object.usedAt, bytes: object.bytes, object })),
  ];
  return Array.from(Map.groupBy(owned, ({ identity }) => identity), ([identity, candidates]) => new Share(identity, candidates));
}
