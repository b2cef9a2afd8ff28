import type { Collection } from './collection.ts';
import type { CacheNotice } from './notice.ts';
import type { KeptObjects, ObjectEntry } from './objects.ts';
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

type Candidate = { readonly identity: string; readonly usedAt: number } & ({ readonly collection: Collection } | { readonly object: ObjectEntry });

/**
 * Takes away as much as must be: first garbage; then collections and single objects that no client has used for longest, those of the node's
 * own identity last. Tokens stay: they are few. A list that alone takes more than half is not worth all the others.
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

function evict(room: Room): void {
  const own = ({ identity }: Candidate): number => Number(identity === room.ownIdentity);
  const candidates: Candidate[] = [
    ...room.collections().filter(({ live }) => live).map((collection) => ({ collection, identity: collection.key.identity, usedAt: collection.usedAt })),
    ...room.objects.entries().map((object) => ({ object, identity: object.identity, usedAt: object.usedAt })),
  ];
  candidates.sort((a, b) => own(a) - own(b) || a.usedAt - b.usedAt);
  const objects: ObjectEntry[] = [];
  let objectBytes = 0;
  for (const candidate of candidates) {
    if (room.bytes() - objectBytes <= room.maxBytes) break;
    if ('collection' in candidate) room.drop(candidate.collection, 'the cache is full, and no client had used it for longest');
    else {
      objects.push(candidate.object);
      objectBytes += candidate.object.bytes;
    }
  }
  if (objects.length > 0) room.tell({ code: 'EVICTED', message: `${objects.length} single objects are not cached any more: the cache is full` });
  room.objects.evict(objects);
}
