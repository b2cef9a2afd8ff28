import type { Busy } from './machine.ts';
import { median } from './statistics.ts';

export const contenders = ['direct', 'tls-pipe', 'ours', 'konnectivity'] as const;
export type Contender = (typeof contenders)[number];
export const directions = ['down', 'up'] as const;
export type Direction = (typeof directions)[number];
export const streamCounts = [1, 8, 64] as const;
/** How a load client comes to a tunnel: over a Unix socket, as an API server on the same machine may, or over TCP with mTLS. `direct` is TCP alone. */
export const doors = ['unix', 'tcp'] as const;
export type Door = (typeof doors)[number];
/** Nothing else runs; one bulk stream runs; one runs, and another is not read by its client. */
export const conditions = ['idle', 'loaded', 'stalled'] as const;
export type Condition = (typeof conditions)[number];
/** What is measured of each contender, and of our server alone. */
export const parts = ['bulk', 'latency', 'idle'] as const;
export type Part = (typeof parts)[number];

/** CPU seconds per gigabyte, of the tunnel's two processes and of the two that are the same for all contenders. `server` and `agent` are 0 for direct. */
export interface CpuCost {
  readonly server: number;
  readonly agent: number;
  readonly client: number;
  readonly origin: number;
}

interface Of {
  readonly contender: Contender;
  readonly round: number;
}

export interface BulkSample extends Of {
  readonly kind: 'bulk';
  readonly direction: Direction;
  readonly streams: number;
  readonly megabytesPerSecond: number;
  readonly cpu: CpuCost;
}

export interface LatencySample extends Of {
  readonly kind: 'latency';
  readonly door: Door;
  readonly condition: Condition;
  /** Connecting (TLS too, at that door), CONNECT and 1 KB there and back. Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** Of it, what came after connecting. */
  readonly tunnelP50: number;
  readonly tunnelP99: number;
}

/** What one contender did in one round. */
export type Sample = BulkSample | LatencySample;

export interface Idle {
  readonly agents: number;
  /** Growth of the server's resident memory and of its heap, divided by the agents. Bytes. */
  readonly residentBytesPerAgent: number;
  readonly heapBytesPerAgent: number;
  /** From the start of a new server until all agents were back. Milliseconds. */
  readonly allBackMs: number;
}

/** Where a contender did not get through what others do: it answered nothing more within this time. */
export interface Hang {
  readonly contender: Contender;
  readonly condition: Condition;
  readonly afterMs: number;
}

export interface Ratios {
  readonly bulk_vs_konnectivity: number;
  readonly bulk_vs_tls_pipe: number;
  /** Over the Unix socket, the worse of idle and loaded. */
  readonly connect_p50_vs_konnectivity: number;
  readonly connect_p99_vs_konnectivity: number;
  /** The same over TCP with mTLS. */
  readonly connect_tcp_p50_vs_konnectivity: number;
  readonly connect_tcp_p99_vs_konnectivity: number;
  readonly cpu_per_gb_vs_konnectivity: number;
  readonly bytes_per_idle_agent: number;
}

/** Which door each ratio is of. */
export const doorOfRatio: Partial<Readonly<Record<keyof Ratios, Door>>> = {
  bulk_vs_konnectivity: 'tcp',
  bulk_vs_tls_pipe: 'tcp',
  connect_p50_vs_konnectivity: 'unix',
  connect_p99_vs_konnectivity: 'unix',
  connect_tcp_p50_vs_konnectivity: 'tcp',
  connect_tcp_p99_vs_konnectivity: 'tcp',
  cpu_per_gb_vs_konnectivity: 'tcp',
};

export interface BenchResult {
  readonly startedAt: string;
  /** False when parts or contenders were left out, rounds were short, or a profiler slowed ours: `bench report` prefers others. */
  readonly whole: boolean;
  readonly host: object;
  /** Before each round. */
  readonly busy: readonly Busy[];
  readonly versions: Readonly<Record<string, string>>;
  readonly rounds: number;
  readonly ratios: Ratios;
  readonly doorOfRatio: typeof doorOfRatio;
  readonly idle?: Idle;
  readonly hangs: readonly Hang[];
  readonly samples: readonly Sample[];
}

export function bulkMedian(samples: readonly Sample[], contender: Contender, direction: Direction, streams: number): number {
  return median(samples.flatMap((one) => (one.kind === 'bulk' && one.contender === contender && one.direction === direction && one.streams === streams ? [one.megabytesPerSecond] : [])));
}

export type CpuShare = keyof CpuCost | 'tunnel';

/** Over all directions, counts of streams and rounds. `tunnel` is server and agent. */
export const cpuMedian = (samples: readonly Sample[], contender: Contender, share: CpuShare = 'tunnel'): number =>
  median(samples.flatMap((one) => (one.kind === 'bulk' && one.contender === contender ? [share === 'tunnel' ? one.cpu.server + one.cpu.agent : one.cpu[share]] : [])));

export function latencyMedian(samples: readonly Sample[], contender: Contender, door: Door, condition: Condition, figure: 'p50' | 'p99' | 'tunnelP50' | 'tunnelP99'): number {
  return median(samples.flatMap((one) => (one.kind === 'latency' && one.contender === contender && one.door === door && one.condition === condition ? [one[figure]] : [])));
}

/** Of medians over the rounds; of several cases the worst for us. A condition in which the other hangs has no ratio. */
export function ratiosOf(samples: readonly Sample[], idle?: Idle): Ratios {
  const bulk = (other: Contender): number => Math.min(...directions.flatMap((direction) => streamCounts.map((streams) => bulkMedian(samples, 'ours', direction, streams) / bulkMedian(samples, other, direction, streams))));
  const latency = (door: Door, figure: 'p50' | 'p99'): number => Math.max(...conditions.map((condition) => latencyMedian(samples, 'ours', door, condition, figure) / latencyMedian(samples, 'konnectivity', door, condition, figure)).filter(Number.isFinite));
  return {
    bulk_vs_konnectivity: bulk('konnectivity'),
    bulk_vs_tls_pipe: bulk('tls-pipe'),
    connect_p50_vs_konnectivity: latency('unix', 'p50'),
    connect_p99_vs_konnectivity: latency('unix', 'p99'),
    connect_tcp_p50_vs_konnectivity: latency('tcp', 'p50'),
    connect_tcp_p99_vs_konnectivity: latency('tcp', 'p99'),
    cpu_per_gb_vs_konnectivity: cpuMedian(samples, 'ours') / cpuMedian(samples, 'konnectivity'),
    bytes_per_idle_agent: idle?.residentBytesPerAgent ?? NaN,
  };
}
