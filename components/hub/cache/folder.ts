import { chmodSync, closeSync, fsyncSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { tryLock } from '../../../core/lock.ts';
import { CacheFolderError } from './errors.ts';

/** What this version writes, and the only thing that it reads. */
const formatText = 'edge-hub cache 1\n';

const formatFile = 'format';
const asidePrefix = 'set-aside-';

export interface PreparedFolder {
  readonly lock: AsyncDisposable;
  /** Where what was there of another version is now; undefined when there was nothing. */
  readonly setAside: string | undefined;
}

/**
 * Makes a folder ready for this process alone, readable by its user alone. What another version wrote is moved into a folder beside
 * the new files, and never touched again.
 *
 * @throws CacheFolderError when it cannot be used, or another process uses it
 */
export async function prepareFolder(folder: string): Promise<PreparedFolder> {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    chmodSync(folder, 0o700);
  } catch (cause) {
    throw new CacheFolderError(`${folder} cannot be used for a cache`, { cause, next: 'Name a folder on a disk of this node that its user may write to.' });
  }
  const { dev, ino } = statSync(folder);
  const lock = await tryLock(`hub-cache-${dev}-${ino}`);
  if (lock === undefined) throw new CacheFolderError(`${folder} is in use by another process`, { next: 'Stop the other edge-hub of this node, or name another folder.' });
  try {
    return { lock, setAside: setVersion(folder) };
  } catch (cause) {
    await lock[Symbol.asyncDispose]();
    throw new CacheFolderError(`${folder} cannot be used for a cache`, { cause });
  }
}

function setVersion(folder: string): string | undefined {
  const entries = readdirSync(folder).filter((name) => !name.startsWith(asidePrefix) && name !== `${formatFile}.new`);
  if (entries.includes(formatFile) && readFileSync(join(folder, formatFile), 'utf8') === formatText) return undefined;
  const aside = entries.length === 0 ? undefined : moveAside(folder, entries);
  // Before anything else is written: files without it would be of an unknown version.
  const fresh = join(folder, `${formatFile}.new`);
  const fd = openSync(fresh, 'w', 0o600);
  try {
    writeSync(fd, formatText);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(fresh, join(folder, formatFile));
  syncFolder(folder);
  return aside;
}

function moveAside(folder: string, entries: readonly string[]): string {
  const taken = readdirSync(folder);
  let number = 1;
  while (taken.includes(`${asidePrefix}${number}`)) number += 1;
  const aside = join(folder, `${asidePrefix}${number}`);
  mkdirSync(aside, { mode: 0o700 });
  // The file that says the version goes last: cut off before that, the rest is moved at the next start.
  for (const name of entries.toSorted((a, b) => Number(a === formatFile) - Number(b === formatFile))) renameSync(join(folder, name), join(aside, name));
  return aside;
}

function syncFolder(folder: string): void {
  const fd = openSync(folder, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
