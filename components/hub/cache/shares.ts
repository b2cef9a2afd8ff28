import type { Collection, PendingList } from './collection.ts';
import type { ObjectEntry } from './objects.ts';

/** What may go: a collection, a list of one that is coming in, or a single object. */
export interface Candidate {
  readonly usedAt: number;
  /** An open watch keeps it current, or it is just coming in: it is in use, whenever something was last heard of it. */
  readonly inUse: boolean;
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
    this.#candidates = candidates.toSorted(byUse);
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

/** What is in use comes last, and before it what was used last. */
export const byUse = (a: Pick<Candidate, 'usedAt' | 'inUse'>, b: Pick<Candidate, 'usedAt' | 'inUse'>): number => Number(a.inUse) - Number(b.inUse) || a.usedAt - b.usedAt;

export function sharesOf(collections: readonly Collection[], objects: readonly ObjectEntry[]): Share[] {
  const owned: (Candidate & { readonly identity: string })[] = [
    ...collections.flatMap((collection) => {
      const { identity } = collection.key;
      const whole = collection.live ? [{ identity, usedAt: collection.usedAt, inUse: collection.inUse, bytes: collection.table.bytes, collection }] : [];
      return [...whole, ...Array.from(collection.pending, (list) => ({ identity, usedAt: Infinity, inUse: true, bytes: list.bytes, collection, list }))];
    }),
    ...objects.map((object) => ({ identity: object.identity, usedAt: object.usedAt, inUse: false, bytes: object.bytes, object })),
  ];
  return Array.from(Map.groupBy(owned, ({ identity }) => identity), ([identity, candidates]) => new Share(identity, candidates));
}
