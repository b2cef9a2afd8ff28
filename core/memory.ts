import { readFile } from 'node:fs/promises';

export const gib = 1024 ** 3;
export const inGib = (bytes: number): string => `${(bytes / gib).toFixed(1)} GiB`;

async function figure(name: string): Promise<number | undefined> {
  const kilobytes = new RegExp(String.raw`^${name}:\s+(\d+) kB$`, 'm').exec(await readFile('/proc/meminfo', 'utf8').catch(() => ''))?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}

/** Bytes of memory that programs can still have on this machine, as Linux estimates them (proc(5), MemAvailable), or less where a cgroup gives this process less; undefined where there is no such figure. */
export async function availableMemory(): Promise<number | undefined> {
  const bytes = await figure('MemAvailable');
  return bytes === undefined ? undefined : Math.min(bytes, process.availableMemory());
}

/** Bytes of memory that this machine's kernel has in all (proc(5), MemTotal); undefined where there is no such figure. */
export const totalMemory = async (): Promise<number | undefined> => await figure('MemTotal');
