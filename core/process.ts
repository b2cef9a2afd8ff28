import { readdir, readFile } from 'node:fs/promises';

/** In the environment of every program that edgeproof starts, and so of whatever those start: edgeproof's process id. */
export const parentVariable = 'EDGEPROOF_PARENT';

/** Whether a process with this id exists, whoever owns it. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Ends programs whose edgeproof was killed (Linux only; elsewhere there is no /proc, and nothing happens). @returns how many */
export async function endOrphans(): Promise<number> {
  let ended = 0;
  for (const name of await readdir('/proc').catch(() => [] as string[])) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    const environment = await readFile(`/proc/${name}/environ`, 'utf8').catch(() => '');
    const parent = environment.split('\0').find((entry) => entry.startsWith(`${parentVariable}=`))?.slice(parentVariable.length + 1);
    if (parent === undefined || isAlive(Number(parent))) continue;
    try {
      process.kill(Number(name), 'SIGKILL');
      ended++;
    } catch {
      // It ended by itself in the meantime.
    }
  }
  return ended;
}
