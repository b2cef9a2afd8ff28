import { readFile } from 'node:fs/promises';

export const gib = 1024 ** 3;
export const inGib = (bytes: number): string => `${(bytes / gib).toFixed(1)} GiB`;

/** Bytes of memory that programs can still have on this machine, as Linux estimates them (proc(5), MemAvailable); undefined where there is no such figure. */
export async function availableMemory(): Promise<number | undefined> {
  const kilobytes = /^MemAvailable:\s+(\d+) kB$/m.exec(await readFile('/proc/meminfo', 'utf8').catch(() => ''))?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}
