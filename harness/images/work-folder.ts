import { mkdir, mkdtemp, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { binDir, home } from '../../core/paths.ts';
import { isAlive } from '../../core/process.ts';
import { removeTree } from '../../core/remove-tree.ts';

/** The name says whose it is: when that process is gone, the folder is a leftover. */
const prefix = (name: string, pid: number | string = process.pid): string => `work-${name}-${pid}-`;
const named = /^work-[a-z]+-(\d+)-/;

/** A folder that is gone when its owner is done, also what was mounted below it (debootstrap mounts /proc and /sys). */
export async function workFolder(name: string, parent = home): Promise<AsyncDisposable & { readonly path: string }> {
  await mkdir(parent, { recursive: true, mode: 0o700 });
  const path = await mkdtemp(join(parent, prefix(name)));
  return { path, [Symbol.asyncDispose]: async () => await removeTree(path) };
}

/** Removes the folders of processes that were killed. */
export async function removeLeftWorkFolders(): Promise<void> {
  for (const parent of [home, binDir]) {
    for (const name of await readdir(parent).catch(() => [] as string[])) {
      const pid = named.exec(name)?.[1];
      if (pid !== undefined && !isAlive(Number(pid))) await removeTree(join(parent, name));
    }
  }
}
