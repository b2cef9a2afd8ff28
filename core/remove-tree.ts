import { readFile } from 'node:fs/promises';
import { exec } from './exec.ts';

/** Mount points below a folder, the deepest first (proc(5), mountinfo: the fifth field, with octal escapes). */
export function mountsBelow(mountinfo: string, folder: string): string[] {
  return mountinfo
    .split('\n')
    .map((line) => (line.split(' ')[4] ?? '').replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))))
    .filter((mount) => mount.startsWith(`${folder}/`))
    .reverse();
}

/**
 * Whether a folder is mounted on itself, or is another folder's: a disk of its own that somebody has mounted there (its root is `/`, the fourth field) is not.
 *
 * @internal
 */
export const isBound = (mountinfo: string, folder: string): boolean => mountinfo.split('\n').some((line) => {
  const [, , , root, at] = line.split(' ');
  return at === folder && root !== '/';
});

/** Unmounts what is mounted below a folder, the deepest first, and the folder itself where it is bound. What is in use stays, and so does a disk that is mounted there. */
export async function unmountTree(folder: string): Promise<void> {
  const mountinfo = await readFile('/proc/self/mountinfo', 'utf8').catch(() => '');
  for (const mount of [...mountsBelow(mountinfo, folder), ...(isBound(mountinfo, folder) ? [folder] : [])]) await exec(['umount', mount], { accept: 'any' });
}

/**
 * Removes a folder in which something may be mounted: debootstrap mounts /proc and /sys, dockerd a network namespace.
 * What cannot be unmounted stays, and nothing on another file system is touched.
 */
export async function removeTree(folder: string): Promise<void> {
  for (const mount of mountsBelow(await readFile('/proc/self/mountinfo', 'utf8').catch(() => ''), folder)) {
    await exec(['umount', mount], { accept: 'any' });
  }
  await exec(['rm', '--recursive', '--force', '--one-file-system', folder], { timeoutMs: 120_000, accept: 'any' });
}
