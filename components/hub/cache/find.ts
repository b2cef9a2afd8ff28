import { compareResourceVersions, type TypeMeta, type WireObject } from '../wire/index.ts';
import type { Collection, ObjectRef } from './collection.ts';
import type { ObjectKey } from './keys.ts';
import type { KeptObject } from './objects.ts';

export type Found =
  | { readonly found: 'object'; readonly type: TypeMeta; readonly object: WireObject; readonly touchedAt: number }
  /** A whole collection would have it, and has not: of this resourceVersion. */
  | { readonly found: 'absent'; readonly resourceVersion: string; readonly touchedAt: number }
  /** Nothing that was recorded says whether there is one. */
  | { readonly found: 'unknown' };

/** What is asked for by {@link findObject}. */
export interface ObjectQuery extends ObjectKey, ObjectRef {
  /** Paths of the collections that would have it: KubeRequest.collections of wire. */
  readonly collections: readonly string[];
}

/** @param kept the answer of a GET of it @param collections those that are whole */
export function findObject(query: ObjectQuery, kept: KeptObject | undefined, collections: readonly Collection[], now: number): Found {
  let best: Found = kept === undefined ? { found: 'unknown' } : { found: 'object', ...kept };
  let absent: Collection | undefined;
  for (const collection of collections) {
    const { identity, path, mediaType } = collection.key;
    if (identity !== query.identity || mediaType !== query.mediaType || !query.collections.includes(path)) continue;
    const { touchedAt } = collection.table;
    const object = collection.find(query);
    if (object === undefined) {
      if (collection.decides(query.name) && (absent === undefined || isLater(collection, touchedAt, absent, absent.table.touchedAt))) absent = collection;
      continue;
    }
    collection.usedAt = now;
    if (best.found !== 'object' || isLater(object, touchedAt, best.object, best.touchedAt)) best = { found: 'object', type: collection.type, object, touchedAt };
  }
  if (absent === undefined) return best;
  const { resourceVersion, table: { touchedAt } } = absent;
  // Of an object that is older than a collection without it, the collection knows that it was deleted.
  return best.found === 'object' && isLater(best.object, best.touchedAt, absent, touchedAt) ? best : { found: 'absent', resourceVersion, touchedAt };
}

type Versioned = { readonly resourceVersion: string };

/** By resourceVersion, or by time (milliseconds since 1970) where those cannot be compared. */
export const isLater = (one: Versioned, oneAt: number, other: Versioned, otherAt: number): boolean => (compareResourceVersions(one.resourceVersion, other.resourceVersion) ?? oneAt - otherAt) > 0;
