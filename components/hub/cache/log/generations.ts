import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { LogFile } from './log-file.ts';
import { noBytes, readLog, recordTypes, type LogRecord, type ReadLog, type RecordMeta } from './record.ts';
import type { SyncedFolder } from './synced-folder.ts';

const named = /^([0-9a-z]+)\.(\d+)\.log$/;

/** What was read back of one log: the newest of its generations that counts. */
export interface LoadedLog {
  readonly name: string;
  readonly generation: number;
  readonly path: string;
  readonly read: ReadLog;
  /** Bytes behind the last sound record, which are cut off. */
  readonly cutBytes: number;
}

export interface LoadResult {
  readonly logs: readonly LoadedLog[];
  /** Files that were damaged otherwise than at their end, with all older generations of them: gone. */
  readonly damaged: readonly string[];
}

/**
 * Reads all logs of a folder. Of each the newest generation that has its commit counts: a power cut may leave a new file's name and not its
 * content, but the older one goes only when the new one is safe. A damaged one is dropped with the older ones: it stood for something newer.
 */
export function loadLogs(folder: string): LoadResult {
  const generations = new Map<string, { generation: number; file: string }[]>();
  for (const file of readdirSync(folder)) {
    if (file.endsWith('.new')) rmSync(join(folder, file));
    const [, name, generation] = named.exec(file) ?? [];
    if (name !== undefined) generations.set(name, [...(generations.get(name) ?? []), { generation: Number(generation), file }]);
  }
  const logs: LoadedLog[] = [];
  const damaged: string[] = [];
  for (const [name, files] of generations) {
    files.sort((a, b) => b.generation - a.generation);
    const found = newest(folder, name, files, damaged);
    if (found !== undefined) logs.push(found);
    for (const { file } of files) if (found?.path !== join(folder, file)) rmSync(join(folder, file));
  }
  return { logs, damaged };
}

/** @returns undefined for a file that the disk does not give back: one bad sector must not cost all the others */
function readable(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EIO') return undefined;
    throw error;
  }
}

/** @param files the newest first */
function newest(folder: string, name: string, files: readonly { readonly generation: number; readonly file: string }[], damaged: string[]): LoadedLog | undefined {
  for (const [index, { generation, file }] of files.entries()) {
    const path = join(folder, file);
    const content = readable(path);
    const read = content === undefined ? 'damaged' : readLog(content);
    // Without a header it may be a file whose content never came to the disk: then there is an older one.
    if (read === 'damaged' || (read === 'no header' && index === files.length - 1)) {
      damaged.push(file);
      return undefined;
    }
    if (content === undefined || read === 'no header' || !read.records.some(({ record }) => record.type === recordTypes.commit)) continue;
    return { name, generation, path, read, cutBytes: content.length - read.soundBytes };
  }
  return undefined;
}

/** One log, in generations: each is a file of its own, which begins with everything that counts at its time. */
export class Generations {
  readonly #folder: SyncedFolder;
  readonly #name: string;
  #generation: number;
  #file: LogFile | undefined;

  private constructor(folder: SyncedFolder, name: string, generation: number, file: LogFile | undefined) {
    this.#folder = folder;
    this.#name = name;
    this.#generation = generation;
    this.#file = file;
  }

  /** @param name lower-case letters and digits */
  static create(folder: SyncedFolder, name: string): Generations {
    return new Generations(folder, name, 0, undefined);
  }

  /** @throws a system error */
  static reopen(folder: SyncedFolder, { name, generation, path, read }: LoadedLog): Generations {
    const file = LogFile.reopen(path, read);
    if (!read.synced) folder.soon(file);
    return new Generations(folder, name, generation, file);
  }

  get file(): LogFile | undefined {
    return this.#file;
  }

  /** What is on disk now. */
  get bytes(): number {
    return this.#file?.bytes ?? 0;
  }

  /**
   * Adds a record to the current generation and gives it to the kernel.
   *
   * @param soon false for what may be lost in a power cut: it is synced with the next that may not
   * @returns how many bytes it takes
   * @throws a system error; then there is no current generation any more
   */
  append(record: LogRecord, { soon = true } = {}): number {
    const file = this.#file;
    if (file === undefined) throw new Error('a log without a generation');
    try {
      const bytes = file.add(record);
      file.flush();
      if (soon) this.#folder.soon(file);
      return bytes;
    } catch (error) {
      this.discard();
      throw error;
    }
  }

  /** A new generation, which counts from its commit on. */
  begin(time: number, key: RecordMeta): Draft {
    return new Draft(join(this.#folder.path, `${this.#name}.${drafts++}.new`), time, key, (file) => this.#replace(file));
  }

  #replace(file: LogFile): void {
    file.rename(join(this.#folder.path, `${this.#name}.${this.#generation + 1}.log`));
    this.#generation += 1;
    const replaced = this.#file;
    this.#file = file;
    this.#folder.created(this.#name, file, replaced);
  }

  close(): void {
    this.#file?.close();
  }

  /** Takes what is on disk away. A new generation may still follow. */
  discard(): void {
    if (this.#file === undefined) return;
    this.#folder.remove(this.#name, this.#file);
    this.#file = undefined;
  }
}

let drafts = 0;

/** A generation that does not count yet. The file is made when there is something to write. */
export class Draft {
  readonly #path: string;
  readonly #committed: (file: LogFile) => void;
  #first: LogRecord[];
  #file: LogFile | undefined;

  constructor(path: string, time: number, key: RecordMeta, committed: (file: LogFile) => void) {
    this.#path = path;
    this.#committed = committed;
    this.#first = [{ type: recordTypes.key, time, key: '', meta: key, raw: noBytes }];
  }

  get bytes(): number {
    return this.#file?.bytes ?? 0;
  }

  /** @returns how many bytes the record takes @throws a system error; then the draft is gone */
  add(record: LogRecord): number {
    try {
      this.#file ??= LogFile.create(this.#path);
      for (const first of this.#first) this.#file.add(first);
      this.#first = [];
      return this.#file.add(record);
    } catch (error) {
      this.discard();
      throw error;
    }
  }

  /** From here on it is the current generation. @throws a system error; then the draft is gone, and the generation before it still counts */
  commit(record: LogRecord): void {
    this.add(record);
    const file = this.#file!;
    try {
      file.flush();
      this.#committed(file);
      this.#file = undefined;
    } catch (error) {
      this.discard();
      throw error;
    }
  }

  discard(): void {
    if (this.#file === undefined) return;
    this.#file.discard();
    this.#file = undefined;
  }
}
