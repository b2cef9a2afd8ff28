import { compareResourceVersions, type ChangeType, type TypeMeta, type WireObject } from '../wire/index.ts';
import type { CollectionKey } from './keys.ts';
import type { RecordMeta } from './log/record.ts';
import type { Row, Table } from './table.ts';

export type ObjectRef = Pick<WireObject, 'namespace' | 'name'>;

/** A list that is coming in. */
export interface PendingList {
  readonly bytes: number;
  /** It takes too much room. */
  fail(): void;
}

/** Hears what becomes of a collection, from when it began to listen. */
export interface CollectionListener {
  /** What is known already is not told again. */
  changed(change: ChangeType, object: WireObject): void;
  /** It is of this resourceVersion, and nothing else has changed. */
  bookmark(resourceVersion: string): void;
  /** No watch keeps it current any more; another one may follow. */
  unfollowed(): void;
  /** It was listed anew, or is not cached any more. */
  replaced(): void;
}

/** A row's key: a namespace has no slash, so the first one ends it. */
export const rowKey = ({ namespace, name }: ObjectRef): string => `${namespace}/${name}`;

export const rowMeta = ({ uid, resourceVersion }: WireObject): RecordMeta => ({ uid, resourceVersion });

export const headOf = (type: TypeMeta, resourceVersion: string): RecordMeta => ({ ...type, resourceVersion });

const textOf = (meta: RecordMeta, name: string): string => (typeof meta[name] === 'string' ? meta[name] : '');

export interface CollectionOptions {
  readonly key: CollectionKey;
  readonly table: Table;
  readonly live: boolean;
  /** Milliseconds since 1970. */
  readonly usedAt: number;
  /** @param row key of an object @returns the same bytes of it, where they are in memory already */
  readonly same: (row: string, raw: Buffer) => Pick<Row, 'meta' | 'raw'> | undefined;
}

/** One collection: what is known of it (`live`), lists that will replace it, and watches that keep it current. */
export class Collection {
  readonly key: CollectionKey;
  readonly table: Table;
  /** There is a whole list. */
  live: boolean;
  /** When a client last used it. Milliseconds since 1970. */
  usedAt: number;
  /** How often it changed: a list that began before a change may be older than what there is now. */
  changes = 0;
  /** Watches that told it everything since it is there: one that told something while it was dropped is none. */
  readonly followers = new Set<object>();
  readonly pending = new Set<PendingList>();
  readonly listeners = new Set<CollectionListener>();

  /** What another collection has of an object, if it is the same. */
  readonly #same: CollectionOptions['same'];

  constructor({ key, table, live, usedAt, same }: CollectionOptions) {
    this.key = key;
    this.table = table;
    this.live = live;
    this.usedAt = usedAt;
    this.#same = same;
  }

  /** How a row is kept in memory: with bytes that are there already, if there are such. */
  kept<R extends Pick<Row, 'meta' | 'raw'>>(key: string, row: R): R {
    const same = this.#same(key, row.raw);
    return same === undefined ? row : { ...row, meta: same.meta, raw: same.raw };
  }

  /** An open watch keeps it current. */
  get inUse(): boolean {
    return this.followers.size > 0;
  }

  get type(): TypeMeta {
    return { apiVersion: textOf(this.table.head, 'apiVersion'), kind: textOf(this.table.head, 'kind') };
  }

  get resourceVersion(): string {
    return textOf(this.table.head, 'resourceVersion');
  }

  get bytes(): number {
    return [...this.pending].reduce((sum, { bytes }) => sum + bytes, this.table.bytes);
  }

  get objects(): WireObject[] {
    return Array.from(this.table.rows, ([key, { meta, raw }]) => objectOf(key, meta, raw));
  }

  find(ref: ObjectRef): WireObject | undefined {
    const key = rowKey(ref);
    const row = this.table.rows.get(key);
    return row === undefined ? undefined : objectOf(key, row.meta, row.raw);
  }

  /** What came with a watch, if it is news: a watch that began earlier tells again what is known. */
  apply(change: ChangeType, object: WireObject): void {
    const { resourceVersion } = object;
    if ((compareResourceVersions(resourceVersion, this.resourceVersion) ?? 1) <= 0) return;
    this.changes += 1;
    if (change === 'DELETED') this.table.delete(rowKey(object), { resourceVersion });
    else {
      const key = rowKey(object);
      const { meta, raw } = this.kept(key, { meta: rowMeta(object), raw: object.raw });
      this.table.put(key, meta, raw);
    }
    for (const listener of this.listeners) listener.changed(change, object);
  }

  bookmark(resourceVersion: string): void {
    if ((compareResourceVersions(resourceVersion, this.resourceVersion) ?? 1) < 0) return;
    this.changes += 1;
    this.table.touch({ resourceVersion });
    for (const listener of this.listeners) listener.bookmark(resourceVersion);
  }

  /** Nobody who listened until now knows what there is any more. */
  replaced(): void {
    const listeners = [...this.listeners];
    this.listeners.clear();
    for (const listener of listeners) listener.replaced();
  }

  /** Whether all objects of a name would be in it. */
  decides(name: string): boolean {
    const { fieldSelector, labelSelector } = this.key;
    return labelSelector === '' && (fieldSelector === '' || fieldSelector === `metadata.name=${name}`);
  }
}

function objectOf(key: string, meta: RecordMeta, raw: Buffer): WireObject {
  const slash = key.indexOf('/');
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1), uid: textOf(meta, 'uid'), resourceVersion: textOf(meta, 'resourceVersion'), raw };
}
