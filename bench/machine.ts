import { readFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

/** Ticks of all processors since the boot, of /proc/stat (proc_stat(5)). */
export interface Ticks {
  readonly all: number;
  readonly idle: number;
  readonly stolen: number;
}

/** How busy a machine was while nothing of the benchmark ran: figures of a busy machine are worth less. */
export interface Busy {
  readonly loadAverage: number;
  /** Shares of all processors' time. */
  readonly used: number;
  readonly stolen: number;
}

export function ticksOf(stat: string): Ticks {
  const [user = 0, nice = 0, system = 0, idle = 0, wait = 0, irq = 0, softIrq = 0, stolen = 0] = (/^cpu +(.*)$/m.exec(stat)?.[1] ?? '').split(' ').map(Number);
  return { all: user + nice + system + idle + wait + irq + softIrq + stolen, idle: idle + wait, stolen };
}

export function busyBetween(before: Ticks, after: Ticks, loadAverage: number): Busy {
  const all = Math.max(after.all - before.all, 1);
  const stolen = (after.stolen - before.stolen) / all;
  return { loadAverage, stolen, used: 1 - (after.idle - before.idle) / all - stolen };
}

const ticks = (): Ticks => ticksOf(readFileSync('/proc/stat', 'utf8'));

/** How long that is, before figures are taken. Milliseconds. */
export const lookMs = 2000;

/** Looks at what others do for this long. */
export async function lookAround(ms: number, signal: AbortSignal): Promise<Busy> {
  const before = ticks();
  await sleep(ms, undefined, { signal });
  return busyBetween(before, ticks(), loadavg()[0] ?? NaN);
}
