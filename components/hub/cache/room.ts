import type { Collection } from './collection.ts';
import type { CacheNotice } from './notice.ts';
import type { KeptObjects, ObjectEntry } from './objects.ts';
import { sharesOf, type Share } from './shares.ts';
import type { Table } from './table.ts';

export interface Room {
  readonly maxBytes: number;
  readonly ownIdentity: string;
  /** What is taken now. */
  bytes(): number;
  tables(): readonly Table[];
  collections(): readonly Collection[];
  readonly objects: KeptObjects;
  drop(collection: Collection, why: string): void;
  tell(notice: CacheNotice): void;
}

/**
 * Takes away as much as must be: first garbage; then, of whoever takes most, the collections and single objects that it has not used for longest, so that
 * nobody pushes out what others need; the node's own last. Tokens stay: they are few. A list that alone takes more than half is not worth all the others.
 */
export function makeRoom(room: Room): void {
  for (const collection of room.collections()) {
    for (const list of collection.pending) {
      if (list.bytes <= room.maxBytes / 2) continue;
      list.fail();
      room.tell({ code: 'TOO_LARGE', message: `A list of ${collection.key.path} is larger than half of the cache, and is not cached`, collection: collection.key });
    }
  }
  if (room.bytes() <= room.maxBytes) return;
  for (const table of room.tables().toSorted((a, b) => b.garbageBytes - a.garbageBytes)) {
    if (table.garbageBytes < table.bytes / 10) continue;
    table.rewrite();
    if (room.bytes() <= room.maxBytes) return;
  }
  evict(room);
}

/** So much of the single objects goes at once, because their table is written anew. */
const objectsAtOnce = 1 / 10;

function evict(room: Room): void {
  const shares = sharesOf(room.collections(), room.objects.entries());
  const objects: ObjectEntry[] = [];
  let objectBytes = 0;
  const takeObject = (share: Share): void => {
    const { object } = share.next!;
    objects.push(object!);
    objectBytes += object!.bytes;
    share.drop();
  };
  while (room.bytes() - objectBytes > room.maxBytes) {
    const share = largest(shares, room.ownIdentity);
    if (share?.next === undefined) break;
    const { collection, list } = share.next;
    if (collection === undefined) {
      const enough = objectBytes + room.objects.bytes * objectsAtOnce;
      do takeObject(share); while (objectBytes < enough && share.next?.object !== undefined);
    } else if (list !== undefined) {
      list.fail();
      room.tell({ code: 'EVICTED', message: `A list of ${collection.key.path} is not cached: the cache is full, most of it of ${collection.key.identity}`, collection: collection.key });
      share.drop();
    } else {
      share.drop();
      room.drop(collection, 'the cache is full, and whoever takes most of it had not used it for longest');
    }
  }
  if (objects.length > 0) room.tell({ code: 'EVICTED', message: `${objects.length} single objects are not cached any more: the cache is full` });
  room.objects.evict(objects);
}

const largest = (shares: readonly Share[], ownIdentity: string): Share | undefined => {
  const some = shares.filter(({ next }) => next !== undefined);
  const others = some.filter(({ identity }) => identity !== ownIdentity);
  return (others.length > 0 ? others : some).reduce<Share | undefined>((most, share) => (most === undefined || share.bytes > most.bytes ? share : most), undefined);
};
