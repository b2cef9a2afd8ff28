import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { exec } from '../../core/exec.ts';
import { home } from '../../core/paths.ts';

/** A folder that is gone when its owner is done, also what was mounted below it (debootstrap mounts /proc and /sys). */
export async function workFolder(name: string): Promise<AsyncDisposable & { readonly path: string }> {
  await mkdir(home, { recursive: true, mode: 0o700 });
  const path = await mkdtemp(join(home, `work-${name}-`));
  return {
    path,
    [Symbol.asyncDispose]: async () => {
      const { stdout } = await exec(['findmnt', '--list', '--noheadings', '--output', 'TARGET'], { accept: 'any' });
      const below = stdout.split('\n').filter((mount) => mount.startsWith(`${path}/`)).reverse();
      for (const mount of below) await exec(['umount', mount], { accept: 'any' });
      // One file system only: whatever is still mounted there is not ours to delete.
      await exec(['rm', '--recursive', '--force', '--one-file-system', path], { timeoutMs: 120_000, accept: 'any' });
    },
  };
}
