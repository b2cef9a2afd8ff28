import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isAlive } from '../../core/process.ts';

/** Who works on edgeproof's own engine: one empty file for each process, named by its id. */
const usersFolder = (runDir: string): string => join(runDir, 'users');

export async function joinUsers(runDir: string): Promise<void> {
  await mkdir(usersFolder(runDir), { recursive: true, mode: 0o700 });
  await writeFile(join(usersFolder(runDir), String(process.pid)), '', { mode: 0o600 });
}

export async function leaveUsers(runDir: string): Promise<void> {
  await rm(join(usersFolder(runDir), String(process.pid)), { force: true });
}

/** Process ids of the others that live. */
export async function otherUsers(runDir: string): Promise<number[]> {
  const names = await readdir(usersFolder(runDir)).catch(() => [] as string[]);
  return names.map(Number).filter((pid) => pid > 0 && pid !== process.pid && isAlive(pid));
}
