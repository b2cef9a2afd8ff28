import { mkdir, mkdtemp, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { exec } from '../../core/exec.ts';
import { binDir, home } from '../../core/paths.ts';
import { isAlive } from '../../core/process.ts';

/** The name says whose it is: when that process is gone, the folder is a leftover. */
const prefix = (name: string, pid: number | string = process.pid): string => `work-${name}-${pid}-`;
const named = /^work-[a-z]+-(\d+)-/;

/** A folder that is gone when its owner is done, also what was mounted below it (debootstrap mounts /proc and /sys). */
export async function workFolder(name: string, parent = home): Promise<AsyncDisposable & { readonly path: string }> {
  await mkdir(parent, { recursive: true, mode: 0o700 });
  const path = await mkdtemp(join(parent, prefix(name)));
  return { path, [Symbol.asyncDispose]: async () => await removeFolder(path) };
}

async function removeFolder(path: string): Promise<void> {
  const { stdout } = await exec(['findmnt', '--list', '--noheadings', '--output', 'TARGET'], { accept: 'any' });
  const below = stdout.split('\n').filter((mount) => mount.startsWith(`${path}/`)).reverse();
  for (const mount of below) await exec(['umount', mount], { accept: 'any' });
  // One file system only: whatever is still mounted there is not ours to delete.
  await exec(['rm', '--recursive', '--force', '--one-file-system', path], { timeoutMs: 120_000, accept: 'any' });
}

/** Removes the folders of processes that were killed. */
export async function removeLeftWorkFolders(): Promise<void> {
  for (const parent of [home, binDir]) {
    for (const name of await readdir(parent).catch(() => [] as string[])) {
      const pid = named.exec(name)?.[1];
      if (pid !== undefined && !isAlive(Number(pid))) await removeFolder(join(parent, name));
    }
  }
}
