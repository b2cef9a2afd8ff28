import type { Busy } from '../machine.ts';
import { median } from '../statistics.ts';
import type { Latency, ReadWay } from './latency.ts';
import type { CacheLoad } from './load.ts';
import type { Who } from './place.ts';
import type { Memory } from './process.ts';
import type { Rest } from './rest.ts';
import type { Restart } from './restart.ts';

/** What is measured of a hub. */
export const hubParts = ['rest', 'latency', 'restart', 'load'] as const;
export type HubPart = (typeof hubParts)[number];

export interface HubMeasured {
  /** On each of the two nodes while they are at rest, and in the cluster. */
  readonly pods: number;
  readonly services: number;
  readonly rest?: Rest;
  readonly latency?: Latency;
  readonly restarts: readonly Restart[];
  readonly restartPods: number;
  readonly loads: readonly CacheLoad[];
}

export interface HubRatios {
  /** Resident memory beside that of an empty Node, in bytes. */
  readonly memory_above_empty: number;
  /** The same of what each has of pages that both have, by its share (PSS). */
  readonly pss_above_empty: number;
  /** Of one core, while at rest. */
  readonly cpu_share: number;
  /** To and from the API server while at rest, beside a plain node in the same time. */
  readonly bytes_vs_plain: number;
  /** Connections to it that are open. */
  readonly connections_vs_plain: number;
  /** Medians: cut off with a hub, beside connected without one. */
  readonly restart_vs_plain: number;
  /** Cut off, of a GET from the cache, in milliseconds: the median of the rounds. */
  readonly cached_get_p99_ms: number;
  /** How much later an event comes through the hub, in milliseconds. */
  readonly watch_added_p50_ms: number;
  /** Of a cache with many Pods and EndpointSlices, from the disk, in milliseconds. */
  readonly load_ms: number;
}

/** What each figure may be at most, or must be below. */
export const hubGoals: Partial<Readonly<Record<keyof HubRatios, { readonly value: number; readonly below?: true }>>> = {
  memory_above_empty: { value: 40e6 },
  cpu_share: { value: 0.01, below: true },
  bytes_vs_plain: { value: 1 },
  restart_vs_plain: { value: 1.1 },
  cached_get_p99_ms: { value: 5, below: true },
  watch_added_p50_ms: { value: 5, below: true },
  load_ms: { value: 2000, below: true },
};

export interface HubResult extends HubMeasured {
  readonly startedAt: string;
  /** False when parts were left out or failed, rounds were short, or the cluster was somebody's own: `bench report` prefers others. */
  readonly whole: boolean;
  readonly host: object;
  /** Before each part. The cluster itself is part of it. */
  readonly busy: readonly (Busy & { readonly before: HubPart })[];
  /** Parts that could not be measured: of each a sentence. */
  readonly failed: readonly { readonly part: HubPart; readonly why: string }[];
  readonly versions: Readonly<Record<string, string>>;
  readonly topology: object;
  readonly ratios: HubRatios;
  readonly goals: typeof hubGoals;
}

export const memoryMedian = (memory: readonly Memory[], figure: keyof Memory): number => median(memory.map((one) => one[figure]));

export const readMedian = ({ latency }: Pick<HubMeasured, 'latency'>, way: ReadWay, figure: 'p50' | 'p99'): number =>
  median((latency?.reads ?? []).filter((one) => one.way === way).map((one) => one[figure]));

export const watchMedian = ({ latency }: Pick<HubMeasured, 'latency'>, figure: 'straightP50' | 'hubP50' | 'addedP50' | 'addedP99'): number =>
  median((latency?.watches ?? []).map((one) => one[figure]));

export const restartMedian = ({ restarts }: Pick<HubMeasured, 'restarts'>, who: Who, figure: 'readyMs' | 'firstMs'): number =>
  median(restarts.filter((one) => one.who === who).map((one) => one[figure]));

export const loadMedian = ({ loads }: Pick<HubMeasured, 'loads'>, files: CacheLoad['files'], figure: 'ms' | 'processMs'): number =>
  median(loads.filter((one) => one.files === files).map((one) => one[figure]));

/** NaN for what was not measured. */
export function hubRatiosOf(measured: HubMeasured): HubRatios {
  const { rest } = measured;
  const above = (figure: keyof Memory): number => (rest === undefined ? NaN : memoryMedian(rest.memory.hub, figure) - memoryMedian(rest.memory.empty, figure));
  const traffic = (of: 'hub' | 'plain', figure: 'bytes' | 'open'): number => {
    const counted = rest?.traffic[of];
    if (counted === undefined) return NaN;
    return figure === 'open' ? counted.open : counted.bytesIn + counted.bytesOut;
  };
  return {
    memory_above_empty: above('rss'),
    pss_above_empty: above('pss'),
    cpu_share: rest === undefined ? NaN : rest.cpuSeconds.hub / rest.seconds,
    bytes_vs_plain: traffic('hub', 'bytes') / traffic('plain', 'bytes'),
    connections_vs_plain: traffic('hub', 'open') / traffic('plain', 'open'),
    restart_vs_plain: restartMedian(measured, 'hub', 'readyMs') / restartMedian(measured, 'plain', 'readyMs'),
    cached_get_p99_ms: readMedian(measured, 'cache', 'p99'),
    watch_added_p50_ms: watchMedian(measured, 'addedP50'),
    load_ms: loadMedian(measured, 'on disk', 'ms'),
  };
}

/** Whether a figure reaches its goal; undefined where there is none, or nothing was measured. */
export function reached(name: keyof HubRatios, value: number | null): boolean | undefined {
  const goal = hubGoals[name];
  // JSON has no NaN.
  if (goal === undefined || value === null || Number.isNaN(value)) return undefined;
  return goal.below === true ? value < goal.value : value <= goal.value;
}
