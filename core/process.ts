import { readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { waitFor, WaitTimeoutError } from './wait.ts';

/** In the environment of every program that edgeproof starts, and so of whatever those start: edgeproof's process id. */
export const parentVariable = 'EDGEPROOF_PARENT';

/** What the kernel says of a process (proc_pid_stat(5)): its name, its state as one letter, and its group. */
export function processFacts(pid: number): { readonly name: string; readonly state: string; readonly group: number } | undefined {
  try {
    const [, name = '', state = '', group] = /\((.*)\) (\S) \d+ (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
    return { name, state, group: Number(group) };
  } catch {
    return undefined;
  }
}

/** When a process started, in clock ticks since the machine's boot: field 22 of /proc/PID/stat (proc_pid_stat(5)), counted from behind the name, which may hold anything. Undefined for no text. */
export const startTimeIn = (stat: string): string | undefined => stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];

/** Whether a process with this id runs, whoever owns it. One that has ended and waits for its parent to notice does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const state = processFacts(pid)?.state;
  return state !== 'Z' && state !== 'X';
}

/** Ids of the processes that run, also in other users' names (Linux only; elsewhere none). */
export async function processIds(): Promise<number[]> {
  return (await readdir('/proc').catch(() => [] as string[])).filter((name) => /^\d+$/.test(name)).map(Number).filter(isAlive);
}

/**
 * Ends programs whose edgeproof was killed, and those that were started by them (Linux only; elsewhere there is no
 * /proc, and nothing happens).
 *
 * @param among only these process ids; default: all
 * @param of only those whose edgeproof this was, and what they started; default: any
 * @returns how many
 */
export async function endOrphans({ among, of }: { readonly among?: readonly number[]; readonly of?: number } = {}): Promise<number> {
  const ended = new Set<number>();
  // A program that is ended may have been edgeproof itself (Cucumber): its own programs are orphans only then.
  for (;;) {
    const orphans = (await findOrphans()).flatMap(({ pid, parent }) => (!ended.has(pid) && (among?.includes(pid) ?? true) && (of === undefined || parent === of || ended.has(parent)) ? [pid] : []));
    if (orphans.length === 0) return ended.size;
    for (const pid of orphans) {
      ended.add(pid);
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It ended by itself in the meantime.
      }
    }
    await waitFor('killed programs end', async () => {
      const left = orphans.filter((pid) => isAlive(pid));
      return left.length === 0 ? { done: undefined } : { missing: `process ${left.join(', ')} still runs` };
    }, { timeoutMs: 5_000, everyMs: 20 }).catch((error: unknown) => {
      // In the kernel's hands (a stuck disk), or another user's: neither ends by waiting longer.
      if (!(error instanceof WaitTimeoutError)) throw error;
    });
  }
}

/** The programs whose edgeproof does not run any more, by the id that they have of it. */
export async function findOrphans(): Promise<{ pid: number; parent: number }[]> {
  const found: { pid: number; parent: number }[] = [];
  for (const pid of await processIds()) {
    if (pid === process.pid) continue;
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
    const parent = environment.split('\0').find((entry) => entry.startsWith(`${parentVariable}=`))?.slice(parentVariable.length + 1);
    if (parent !== undefined && /^[1-9]\d*$/.test(parent) && !isAlive(Number(parent))) found.push({ pid, parent: Number(parent) });
  }
  return found;
}
