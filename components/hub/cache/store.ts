import type { CollectionListener } from './collection.ts';
import { Collections } from './collections.ts';
import type { TypeMeta, WireObject } from '../wire/index.ts';
import { compareResourceVersions } from '../wire/index.ts';
import { CacheFolderError } from './errors.ts';
import { KeptEvents } from './events.ts';
import { findObject, type Found, type ObjectQuery } from './find.ts';
import { prepareFolder } from './folder.ts';
import { Follower, type FollowerHost } from './follower.ts';
import { fileNameOf, type CollectionKey, type ObjectKey } from './keys.ts';
import { loadLogs } from './log/generations.ts';
import type { LogFile } from './log/log-file.ts';
import { SyncedFolder } from './log/synced-folder.ts';
import { collectionOf, nameOf } from './naming.ts';
import type { CacheNotice } from './notice.ts';
import { KeptObjects } from './objects.ts';
import { Replacement, type ReplacementHost } from './replacement.ts';
import { makeRoom } from './room.ts';
import type { CacheSummary } from './summary.ts';
import { Table, type TableHost } from './table.ts';
import { AcceptedTokens, KeptTokens } from './tokens.ts';

export interface CacheOptions {
  /** Of all files together. Default: 256 MiB. One collection may take half of it. */
  readonly maxBytes?: number;
  /** Whose collections go last when room is needed: the node's own. */
  readonly ownIdentity?: string;
  /** How long what was given to the kernel may wait for the disk. Milliseconds; default: 50. */
  readonly syncAfterMs?: number;
  /** After a failure to write, the time until it is tried again. Milliseconds; default: 10,000. */
  readonly retryAfterMs?: number;
  /** Milliseconds since 1970. Default: the clock. */
  readonly now?: () => number;
  readonly told?: (notice: CacheNotice) => void;
}

/** A collection, as it is now. */
export interface CachedCollection {
  readonly type: TypeMeta;
  readonly resourceVersion: string;
  /** When something was last heard of it from the API server. Milliseconds since 1970. */
  readonly touchedAt: number;
  /** In the order of the list, what was added since behind it. */
  readonly objects: readonly WireObject[];
}

/** Tables that are no collection; names of files, so not of 32 characters. */
const tableNames = ['objects', 'tokens', 'accepted', 'events'] as const;

/** Everything that an edge node remembers of the API. Who asks for an identity's part of it is somebody else's business. */
export class CacheStore implements AsyncDisposable {
  /** Answers to TokenRequests. */
  readonly tokens: KeptTokens;
  /** Tokens that the API server accepted. */
  readonly accepted: AcceptedTokens;
  /** Events that the cloud has not heard of. */
  readonly events: KeptEvents;
  readonly #options: Required<CacheOptions>;
  readonly #folder: SyncedFolder;
  readonly #lock: AsyncDisposable;
  readonly #host: TableHost & ReplacementHost & FollowerHost;
  readonly #tables: Readonly<Record<(typeof tableNames)[number], Table>>;
  readonly #collections: Collections;
  readonly #objects: KeptObjects;

  private constructor(folder: string, lock: AsyncDisposable, options: Required<CacheOptions>) {
    this.#options = options;
    this.#lock = lock;
    this.#folder = new SyncedFolder(folder, { syncAfterMs: options.syncAfterMs, failed: (file, error) => this.#tableOf(file)?.lost(error) });
    this.#host = {
      folder: this.#folder,
      now: options.now,
      retryAfterMs: options.retryAfterMs,
      notStored: (table, cause) => this.#tell({ code: 'NOT_STORED', message: `${nameOf(table.key)} ${table.stored ? 'could not be written anew, and takes more room than it needs' : 'is in memory only: it could not be written'}`, ...collectionOf(table.key), cause }),
      grown: () => this.#makeRoom(),
      drop: (collection, why?: string) => this.#collections.drop(collection, why),
      ended: (collection) => this.#collections.forgetIfEmpty(collection),
    };
    this.#collections = new Collections({
      ownIdentity: options.ownIdentity,
      dropped: ({ table, key: collection }, why) => this.#tell({ code: 'EVICTED', message: `${nameOf(table.key)} is not cached any more: ${why}`, collection }),
    });
    const loaded = this.#load(folder);
    const table = (name: (typeof tableNames)[number]): Table => loaded.get(name) ?? newTable(this.#host, name);
    this.#tables = { objects: table('objects'), tokens: table('tokens'), accepted: table('accepted'), events: table('events') };
    this.#objects = new KeptObjects(this.#tables.objects, options.now);
    this.tokens = new KeptTokens(this.#tables.tokens, options.now, () => this.#folder.flush());
    this.accepted = new AcceptedTokens(this.#tables.accepted, options.now);
    this.events = new KeptEvents(this.#tables.events);
    this.#makeRoom();
  }

  /**
   * Reads back what the last process stored. It keeps all of it in memory.
   *
   * @param folder is made if it is not there, and made readable for its user alone
   * @throws CacheFolderError when it cannot be used, or another process uses it
   */
  static async open(folder: string, { maxBytes = 256 * 1024 * 1024, ownIdentity = '', syncAfterMs = 50, retryAfterMs = 10_000, now = Date.now, told = () => {} }: CacheOptions = {}): Promise<CacheStore> {
    const { lock, setAside } = await prepareFolder(folder);
    if (setAside !== undefined) told({ code: 'SET_ASIDE', message: `The cache was of another version, and is now in ${setAside}. Remove it when it is not needed.` });
    try {
      return new CacheStore(folder, lock, { maxBytes, ownIdentity, syncAfterMs, retryAfterMs, now, told });
    } catch (cause) {
      await lock[Symbol.asyncDispose]();
      throw new CacheFolderError(`The cache in ${folder} cannot be read`, { cause });
    }
  }

  /**
   * A list begins to come in. Several at once, of one key too, do not disturb each other.
   */
  begin(key: CollectionKey): Replacement {
    const collection = this.#collections.get(key, this.#host.now(), () => Table.create(this.#host, fileNameOf(key), { ...key }));
    return new Replacement(collection, this.#host);
  }

  /**
   * A watch of a collection begins at a resourceVersion.
   *
   * @returns undefined when there is no such collection, or changes between what it has and where the watch begins would be
   * missing: then the collection must be listed anew, or be dropped
   */
  follow(key: CollectionKey, resourceVersion: string): Follower | undefined {
    const collection = this.#collections.live(key);
    const order = collection === undefined ? undefined : compareResourceVersions(resourceVersion, collection.resourceVersion);
    return collection === undefined || order === undefined || order > 0 ? undefined : new Follower(collection, this.#host);
  }

  /** @returns undefined when it was never whole, or was dropped */
  read(key: CollectionKey): CachedCollection | undefined {
    const collection = this.#collections.live(key);
    if (collection === undefined) return undefined;
    collection.usedAt = this.#host.now();
    return { type: collection.type, resourceVersion: collection.resourceVersion, touchedAt: collection.table.touchedAt, objects: collection.objects };
  }

  /** Whether a watch keeps it current just now. */
  isFollowed(key: CollectionKey): boolean {
    return (this.#collections.live(key)?.followers.size ?? 0) > 0;
  }

  /**
   * Hears what becomes of a collection that a watch keeps current.
   *
   * @returns where it is at; undefined when there is none
   */
  listen(key: CollectionKey, listener: CollectionListener): (Pick<CachedCollection, 'type' | 'resourceVersion'> & Disposable) | undefined {
    const collection = this.#collections.live(key);
    if (collection === undefined || collection.followers.size === 0) return undefined;
    collection.listeners.add(listener);
    const { type, resourceVersion } = collection;
    return { type, resourceVersion, [Symbol.dispose]: () => void collection.listeners.delete(listener) };
  }

  /** It is no longer true. */
  drop(key: CollectionKey): void {
    const collection = this.#collections.live(key);
    if (collection !== undefined) this.#collections.drop(collection);
  }

  /** The answer of a GET. */
  putObject(key: ObjectKey, type: TypeMeta, object: WireObject): void {
    this.#objects.put(key, type, object);
    this.#makeRoom();
  }

  /** A GET was answered with 404, or a DELETE went through. */
  deleteObject(key: ObjectKey): void {
    this.#objects.delete(key);
  }

  /** What is known of one object, from whatever this identity was given: the latest of it. */
  find(query: ObjectQuery): Found {
    return findObject(query, this.#objects.get(query), this.#collections.liveOnes(), this.#host.now());
  }

  summary(): CacheSummary {
    const now = this.#host.now();
    const collections = this.#collections.liveOnes().map(({ key, table, resourceVersion, usedAt, inUse }) => ({
      ...key, objects: table.rows.size, bytes: table.bytes, resourceVersion, touchedAt: table.touchedAt, usedAt: inUse ? now : usedAt, watched: inUse, stored: table.stored,
    }));
    return { bytes: this.#bytes, maxBytes: this.#options.maxBytes, collections, objects: this.#objects.entries(), tokens: this.tokens.size, acceptedTokens: this.accepted.size };
  }

  /** Until the disk has all that was stored until now. */
  async flush(): Promise<void> {
    await this.#folder.flush();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#folder.flush();
    for (const table of this.#allTables()) table.close();
    await this.#lock[Symbol.asyncDispose]();
  }

  #load(folder: string): Map<string, Table> {
    const { logs, damaged } = loadLogs(folder);
    const others = new Map<string, Table>();
    for (const log of logs) {
      const table = Table.load(this.#host, log, (of, row, raw) => {
        const { collection } = collectionOf(of);
        return collection && this.#collections.same(collection, row, raw);
      });
      if (log.cutBytes > 0) this.#tell({ code: 'TAIL_CUT', message: `${nameOf(table.key)}: ${log.cutBytes} bytes of a write that a crash cut short were taken off`, ...collectionOf(table.key) });
      const { collection: key } = collectionOf(table.key);
      if (key === undefined) others.set(log.name, table);
      else this.#collections.load(key, table);
    }
    for (const file of damaged) this.#tell({ code: 'DAMAGED', message: `${file} is damaged, and what was in it is not cached any more` });
    return others;
  }

  #makeRoom(): void {
    makeRoom({
      maxBytes: this.#options.maxBytes,
      ownIdentity: this.#options.ownIdentity,
      bytes: () => this.#bytes,
      tables: () => this.#allTables(),
      collections: () => this.#collections.all(),
      objects: this.#objects,
      drop: (collection, why) => this.#collections.drop(collection, why),
      tell: (notice) => this.#tell(notice),
    });
  }

  get #bytes(): number {
    return tableNames.reduce((sum, name) => sum + this.#tables[name].bytes, this.#collections.bytes);
  }

  #allTables(): Table[] {
    return [...tableNames.map((name) => this.#tables[name]), ...this.#collections.all().map(({ table }) => table)];
  }

  #tableOf(file: LogFile): Table | undefined {
    return this.#allTables().find((table) => table.owns(file));
  }

  #tell(notice: CacheNotice): void {
    this.#options.told(notice);
  }
}

function newTable(host: TableHost, name: string): Table {
  const table = Table.create(host, name, { table: name });
  table.rewrite();
  return table;
}
