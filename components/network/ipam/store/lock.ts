import type { DatabaseSync } from 'node:sqlite';
import { EdgeproofError } from '../../../../core/errors.ts';
import { fs, sqlite } from '../builtin.ts';

/** SQLite's result codes (sqlite3.h). */
const busy = 5;
const notADatabase = 26;
/** Between two looks, milliseconds: at first, growing by half each time, and at most. Half of it to all of it is taken, so that those who wait do not look in step. */
const waits = { first: 2, most: 25 } as const;

/**
 * Takes a lock among processes, which the kernel takes away from whoever dies. Node has no flock(2) and no fcntl(2); SQLite, which is in it,
 * takes its locks by fcntl. The file stays empty: nothing is ever written to that database. It is in a folder that only its user may
 * enter, so nobody else can hold it, as anybody on the network could an abstract socket.
 *
 * @throws EdgeproofError `LOCKED` when others had it for all that time; a system error
 */
export function lockFile(path: string, withinMs: number): Disposable {
  fs.closeSync(fs.openSync(path, 'a', 0o600));
  const database = new sqlite.DatabaseSync(path, { timeout: 0 });
  const deadline = performance.now() + withinMs;
  try {
    for (let waitMs: number = waits.first; ; waitMs = Math.min(waits.most, waitMs * 1.5)) {
      const code = take(database);
      if (code === undefined) return { [Symbol.dispose]: () => database.close() };
      // Only damage fills it. The name and the file stay: others may be waiting for it.
      if (code === notADatabase) fs.truncateSync(path);
      if (performance.now() >= deadline) throw new EdgeproofError('LOCKED', `other calls have held ${path} for ${withinMs / 1000} s`);
      pause(waitMs * (0.5 + Math.random() / 2));
    }
  } catch (error) {
    database.close();
    throw error;
  }
}

/** @returns undefined when it is taken, else SQLite's code */
function take(database: DatabaseSync): number | undefined {
  try {
    database.exec('BEGIN EXCLUSIVE');
    return undefined;
  } catch (error) {
    const { errcode } = error as { errcode?: number };
    if (errcode !== busy && errcode !== notADatabase) throw error;
    return errcode;
  }
}

const never = new Int32Array(new SharedArrayBuffer(4));
const pause = (ms: number): void => void Atomics.wait(never, 0, 0, ms);
