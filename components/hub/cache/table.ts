import { Generations, type Draft, type LoadedLog } from './log/generations.ts';
import type { LogFile } from './log/log-file.ts';
import { noBytes, recordTypes, type LogRecord, type RecordMeta } from './log/record.ts';
import type { SyncedFolder } from './log/synced-folder.ts';

export interface Row {
  readonly meta: RecordMeta;
  readonly raw: Buffer;
  /** Of its record on disk. */
  readonly bytes: number;
  /** When it was put here. Milliseconds since 1970. */
  readonly time: number;
}

/** What tables share. */
export interface TableHost {
  readonly folder: SyncedFolder;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** After a failure to write, the time until it is tried again. Milliseconds. */
  readonly retryAfterMs: number;
  /** What was to be stored is in memory only, or a file could not be made smaller. */
  readonly notStored: (table: Table, error: unknown) => void;
}

/** Less garbage than this is not worth a new file. */
const worthwhileGarbage = 64 * 1024;

/**
 * Rows in memory, in the order in which they came, and a log of them on disk. When the log cannot be written, what is on disk is taken away rather than
 * left to be taken for the truth by the next process; the rows stay, and are written again when that is possible.
 */
export class Table {
  readonly #host: TableHost;
  readonly #log: Generations;
  /** What its file is of. */
  readonly key: RecordMeta;
  #rows: Map<string, Row>;
  #rowBytes = 0;
  #head: RecordMeta;
  #touchedAt: number;
  #retryAt = 0;

  private constructor(host: TableHost, log: Generations, key: RecordMeta, rows: Map<string, Row>, head: RecordMeta, touchedAt: number) {
    this.#host = host;
    this.#log = log;
    this.key = key;
    this.#rows = rows;
    for (const { bytes } of rows.values()) this.#rowBytes += bytes;
    this.#head = head;
    this.#touchedAt = touchedAt;
  }

  /** Nothing is on disk until the first {@link rewrite} or {@link replace}. @param name lower-case letters and digits */
  static create(host: TableHost, name: string, key: RecordMeta): Table {
    return new Table(host, Generations.create(host.folder, name), key, new Map(), {}, host.now());
  }

  /**
   * @param known what of a row is in memory already, if it is
   * @throws a system error
   */
  static load(host: TableHost, loaded: LoadedLog, known: (table: RecordMeta, key: string, raw: Buffer) => Pick<Row, 'meta' | 'raw'> | undefined = () => undefined): Table {
    const rows = new Map<string, Row>();
    let key: RecordMeta = {};
    let head: RecordMeta = {};
    let touchedAt = 0;
    for (const { record, bytes } of loaded.read.records) {
      const { type, meta, raw, time } = record;
      if (type === recordTypes.key) key = meta;
      else if (type === recordTypes.put) rows.set(record.key, { meta, raw, bytes, time });
      else if (type === recordTypes.delete) rows.delete(record.key);
      else if (type === recordTypes.commit) head = meta;
      if (type === recordTypes.synced) continue;
      if (type !== recordTypes.key) head = withVersion(head, meta);
      touchedAt = time;
    }
    // Copies: a view would keep the whole file in memory.
    for (const [name, row] of rows) rows.set(name, kept(row, known(key, name, row.raw)));
    return new Table(host, Generations.reopen(host.folder, loaded), key, rows, head, touchedAt);
  }

  get rows(): ReadonlyMap<string, Row> {
    return this.#rows;
  }

  /** As the last commit has it, with the resourceVersion of what came since. */
  get head(): RecordMeta {
    return this.#head;
  }

  /** When it was last written to. Milliseconds since 1970. */
  get touchedAt(): number {
    return this.#touchedAt;
  }

  /** Whether the next process would find it. */
  get stored(): boolean {
    return this.#log.file !== undefined;
  }

  /** On disk; of what could not be stored, in memory. */
  get bytes(): number {
    return this.stored ? this.#log.bytes : this.#rowBytes;
  }

  get garbageBytes(): number {
    return this.stored ? this.#log.bytes - this.#rowBytes : 0;
  }

  owns(file: LogFile): boolean {
    return this.#log.file === file;
  }

  put(key: string, meta: RecordMeta, raw: Buffer): void {
    const time = this.#host.now();
    this.#setRow(key, { meta, raw, time, bytes: raw.length });
    const bytes = this.#append({ type: recordTypes.put, time, key, meta, raw });
    if (bytes !== undefined) this.#setRow(key, { meta, raw, time, bytes });
  }

  delete(key: string, meta: RecordMeta = {}): void {
    this.forget(key);
    this.#append({ type: recordTypes.delete, time: this.#host.now(), key, meta, raw: noBytes });
  }

  /** Says that nothing changed until now. May be lost in a power cut. */
  touch(meta: RecordMeta): void {
    this.#append({ type: recordTypes.touch, time: this.#host.now(), key: '', meta, raw: noBytes }, { soon: false });
  }

  /** A generation to be filled with {@link addTo} and given to {@link replace}. */
  begin(): Draft {
    return this.#log.begin(this.#host.now(), this.key);
  }

  /** @returns the row for {@link replace} @throws a system error; then the draft is gone */
  addTo(draft: Draft, key: string, meta: RecordMeta, raw: Buffer): Row {
    const time = this.#host.now();
    return { meta, raw, time, bytes: draft.add({ type: recordTypes.put, time, key, meta, raw }) };
  }

  /** @throws a system error; then the draft is gone */
  deleteFrom(draft: Draft, key: string): void {
    draft.add({ type: recordTypes.delete, time: this.#host.now(), key, meta: {}, raw: noBytes });
  }

  /** These rows instead of those there were, in one step. @param draft what is on disk of them; undefined when it could not be written */
  replace(rows: Map<string, Row>, head: RecordMeta, draft: Draft | undefined): void {
    this.#setRows(rows);
    this.#head = head;
    this.#touchedAt = this.#host.now();
    try {
      if (draft !== undefined) return draft.commit({ type: recordTypes.commit, time: this.#touchedAt, key: '', meta: head, raw: noBytes });
    } catch {
      // It is tried once more, where what is of an older list no longer takes its room.
    }
    this.#log.discard();
    this.rewrite();
  }

  /** From memory only: {@link rewrite} takes it from the disk. */
  forget(key: string): void {
    this.#rowBytes -= this.#rows.get(key)?.bytes ?? 0;
    this.#rows.delete(key);
  }

  /** Writes a new generation of what counts. When that fails, the one before stays if it says the same. */
  rewrite(): void {
    const rows = new Map<string, Row>();
    const draft = this.begin();
    try {
      for (const [key, { meta, raw, time }] of this.#rows) {
        rows.set(key, { meta, raw, time, bytes: draft.add({ type: recordTypes.put, time, key, meta, raw }) });
      }
      draft.commit({ type: recordTypes.commit, time: this.#touchedAt, key: '', meta: this.#head, raw: noBytes });
      this.#setRows(rows);
    } catch (error) {
      this.#failed(error);
    }
  }

  /** What the disk has is not known: nothing of it counts. */
  lost(error: unknown): void {
    this.#log.discard();
    this.#failed(error);
  }

  close(): void {
    this.#log.close();
  }

  /** Takes it from the disk for good. */
  discard(): void {
    this.#log.discard();
  }

  #setRow(key: string, row: Row): void {
    this.#rowBytes += row.bytes - (this.#rows.get(key)?.bytes ?? 0);
    this.#rows.set(key, row);
  }

  #setRows(rows: Map<string, Row>): void {
    this.#rows = rows;
    this.#rowBytes = 0;
    for (const { bytes } of rows.values()) this.#rowBytes += bytes;
  }

  /** After the change in memory. @returns how many bytes it takes on disk, if it was added there */
  #append(record: LogRecord, options?: { readonly soon: boolean }): number | undefined {
    this.#touchedAt = record.time;
    this.#head = withVersion(this.#head, record.meta);
    const due = performance.now() >= this.#retryAt;
    if (!this.stored) {
      if (due) this.rewrite();
      return undefined;
    }
    let bytes: number | undefined;
    try {
      bytes = this.#log.append(record, options);
    } catch {
      // Its file is gone, which makes room: the whole may fit where its end did not.
      this.rewrite();
      return undefined;
    }
    if (!due || this.garbageBytes <= Math.max(this.#rowBytes, worthwhileGarbage)) return bytes;
    this.rewrite();
    return undefined;
  }

  #failed(error: unknown): void {
    this.#retryAt = performance.now() + this.#host.retryAfterMs;
    this.#host.notStored(this, error);
  }
}

const withVersion = (head: RecordMeta, { resourceVersion }: RecordMeta): RecordMeta => (resourceVersion === undefined || resourceVersion === head['resourceVersion'] ? head : { ...head, resourceVersion });

/** @param known the same, in memory */
const kept = (row: Row, known: Pick<Row, 'meta' | 'raw'> | undefined): Row => (known === undefined ? { ...row, raw: copyOf(row.raw) } : { ...row, meta: known.meta, raw: known.raw });

function copyOf(raw: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(raw.length);
  raw.copy(copy);
  return copy;
}
