import { open } from 'node:fs/promises';
import { rmSync } from 'node:fs';
import type { LogFile } from './log-file.ts';

export interface SyncedFolderOptions {
  /** How long what was written may wait for its sync. Milliseconds. */
  readonly syncAfterMs: number;
  /** A sync failed: nobody knows what the disk has of this file. */
  readonly failed: (file: LogFile, error: unknown) => void;
}

/** Syncs the files of a folder together, shortly after something was written, and takes away files only when what replaces them is safe. */
export class SyncedFolder {
  readonly path: string;
  readonly #options: SyncedFolderOptions;
  readonly #dirty = new Set<LogFile>();
  #retired: { readonly name: string; readonly path: string }[] = [];
  /** A name was added to the folder, or taken away. */
  #namesChanged = false;
  #timer: NodeJS.Timeout | undefined;
  #flushing: Promise<void> = Promise.resolve();

  constructor(path: string, options: SyncedFolderOptions) {
    this.path = path;
    this.#options = options;
  }

  /** The file has something that must be synced soon. */
  soon(file: LogFile): void {
    this.#dirty.add(file);
    this.#wake();
  }

  #wake(): void {
    this.#timer ??= setTimeout(() => void this.flush(), this.#options.syncAfterMs).unref();
  }

  /** A log has a new generation here; the one before goes when this one is safe. */
  created(name: string, file: LogFile, replaced?: LogFile): void {
    this.#namesChanged = true;
    if (replaced !== undefined) {
      this.#dirty.delete(replaced);
      replaced.close();
      this.#retired.push({ name, path: replaced.path });
    }
    this.soon(file);
  }

  /** Takes a log away with its older generations: they must not be taken for the truth. @param file the current one */
  remove(name: string, file: LogFile): void {
    this.#dirty.delete(file);
    for (const retired of this.#retired) if (retired.name === name) rmSync(retired.path, { force: true });
    this.#retired = this.#retired.filter((retired) => retired.name !== name);
    file.discard();
    this.#namesChanged = true;
    this.#wake();
  }

  /** Syncs all that was written until now. Never fails: the owner of a file that cannot be synced is told. */
  flush(): Promise<void> {
    this.#flushing = this.#flushing.then(() => this.#flush());
    return this.#flushing;
  }

  async #flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const files = [...this.#dirty];
    const retired = new Set(this.#retired);
    const names = this.#namesChanged;
    this.#dirty.clear();
    this.#namesChanged = false;
    let allSafe = true;
    await Promise.all(files.map(async (file) => {
      try {
        await file.sync();
      } catch (error) {
        allSafe = false;
        this.#options.failed(file, error);
      }
    }));
    if (names && !(await this.#syncNames())) {
      allSafe = false;
      this.#namesChanged = true;
    }
    if (!allSafe) return;
    for (const { path } of retired) {
      try {
        rmSync(path, { force: true });
      } catch {
        // It is removed when the folder is opened the next time.
      }
    }
    this.#retired = this.#retired.filter((one) => !retired.has(one));
  }

  async #syncNames(): Promise<boolean> {
    try {
      await using folder = await open(this.path);
      await folder.sync();
      return true;
    } catch {
      return false;
    }
  }
}
