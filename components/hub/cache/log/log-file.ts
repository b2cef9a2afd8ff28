import { closeSync, fsync, ftruncateSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { encodeHeader, encodeRecord, syncedRecord, type LogRecord, type ReadLog } from './record.ts';

const sync = promisify(fsync);
/** So much is given to the kernel at once while a list comes in. */
const batchBytes = 256 * 1024;

/** One file that is only appended to. What {@link flush} returned from has been given to the kernel: it survives this process. */
export class LogFile {
  #path: string;
  readonly #fd: number;
  readonly #seed: number;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #bytes: number;
  /** Something was written since the last sync. */
  #unsynced = true;
  #syncing: Promise<void> | undefined;
  #closed = false;

  private constructor(path: string, fd: number, seed: number, bytes: number) {
    this.#path = path;
    this.#fd = fd;
    this.#seed = seed;
    this.#bytes = bytes;
  }

  /** @throws a system error, ENOSPC among them; then no file is left */
  static create(path: string): LogFile {
    const seed = randomBytes(4).readUInt32LE(0);
    const file = new LogFile(path, openSync(path, 'wx', 0o600), seed, 0);
    file.#waiting.push(encodeHeader(seed));
    return file;
  }

  /** Goes on with a file that was read back; what follows its sound bytes is cut off. @throws a system error */
  static reopen(path: string, { seed, soundBytes, synced }: ReadLog): LogFile {
    const fd = openSync(path, 'r+', 0o600);
    try {
      ftruncateSync(fd, soundBytes);
    } catch (error) {
      closeSync(fd);
      throw error;
    }
    const file = new LogFile(path, fd, seed, soundBytes);
    file.#unsynced = !synced;
    return file;
  }

  get path(): string {
    return this.#path;
  }

  /** With what waits to be given to the kernel. */
  get bytes(): number {
    return this.#bytes + this.#waitingBytes;
  }

  /** @returns how many bytes the record takes @throws a system error, then the file must be discarded: its end is not known */
  add(record: LogRecord): number {
    const bytes = encodeRecord(this.#seed, record);
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    if (this.#waitingBytes >= batchBytes) this.flush();
    return bytes.length;
  }

  /** Gives all that was added to the kernel. @throws a system error, then the file must be discarded: its end is not known */
  flush(): void {
    if (this.#waiting.length === 0) return;
    const all = this.#waiting.length === 1 ? this.#waiting[0]! : Buffer.concat(this.#waiting);
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#unsynced = true;
    for (let at = 0; at < all.length; ) {
      const written = writeSync(this.#fd, all, at, all.length - at, this.#bytes);
      at += written;
      this.#bytes += written;
    }
  }

  /** Until the disk has all that was flushed. @throws a system error: then nobody knows what the disk has, and the file must be discarded */
  async sync(): Promise<void> {
    while (this.#syncing !== undefined) await this.#syncing;
    if (this.#closed || !this.#unsynced) return;
    const bytes = this.#bytes;
    this.#unsynced = false;
    this.#syncing = sync(this.#fd);
    try {
      await this.#syncing;
    } catch (error) {
      this.#unsynced = true;
      throw error;
    } finally {
      this.#syncing = undefined;
      if (this.#closed) closeSync(this.#fd);
    }
    if (!this.#closed) this.#note(bytes);
  }

  /**
   * Need not be synced itself, and need not be there: without it, damage below is taken for an end that was not written, and what is
   * above still counts.
   */
  #note(syncedBytes: number): void {
    const before = { unsynced: this.#unsynced, bytes: this.#bytes };
    try {
      this.add(syncedRecord(Date.now(), syncedBytes));
      this.flush();
    } catch {
      // No room. The next record is written over what there is of it.
      this.#bytes = before.bytes;
    }
    this.#unsynced = before.unsynced;
  }

  /** In one step, over whatever is there. @throws a system error */
  rename(path: string): void {
    renameSync(this.#path, path);
    this.#path = path;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    // A descriptor that a sync still uses must not become another file's.
    if (this.#syncing === undefined) closeSync(this.#fd);
  }

  /** Closes it and takes it from the disk. */
  discard(): void {
    this.close();
    rmSync(this.#path, { force: true });
  }
}
