import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CannotTellError } from '../core/errors.ts';
import { exec } from '../core/exec.ts';
import type { Progress } from '../core/progress.ts';
import { NodeChild, processFile } from './child.ts';
import { startContenders, type Running } from './contenders.ts';
import { makeCredentials } from './credentials.ts';
import { measureIdle } from './idle.ts';
import { lookAround, lookMs, type Busy } from './machine.ts';
import type { BulkAnswer, Job } from './processes/load.ts';
import { conditions, directions, doors, streamCounts, type BulkSample, type Condition, type Contender, type CpuCost, type Direction, type Door, type Hang, type Idle, type LatencySample, type Part, type Sample } from './result.ts';

export interface BenchOptions {
  readonly rounds: number;
  /** Idle agents. */
  readonly agents: number;
  /** Of one bulk measurement, over all its streams. */
  readonly megabytes: number;
  /** Connections of one latency measurement. */
  readonly connections: number;
  readonly contenders: readonly Contender[];
  readonly parts: readonly Part[];
  /** Folder with konnectivity's programs. */
  readonly programs: string;
  /** Where our server and agent write their CPU profiles. */
  readonly profileFolder?: string;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

export interface Measured {
  readonly samples: readonly Sample[];
  readonly busy: readonly Busy[];
  readonly hangs: readonly Hang[];
  readonly idle?: Idle;
}

/** What a round has of the contenders that run. */
interface Bench extends BenchOptions {
  readonly folder: string;
  readonly origin: NodeChild<{ port: number }>;
  readonly load: string;
}

const jobTimeoutMs = 120_000;

/** Runs all contenders in turns, round after round: what disturbs the machine disturbs all of them. */
export async function runBench(options: BenchOptions): Promise<Measured> {
  const { agents, parts, progress, signal } = options;
  const folder = await mkdtemp(join(tmpdir(), 'edgeproof-bench-'));
  await using stack = new AsyncDisposableStack();
  stack.defer(async () => await rm(folder, { recursive: true, force: true }));
  const nodes = parts.includes('idle') ? agents : 1;
  const credentials = await progress.step(`Certificates of ${nodes} node${nodes === 1 ? '' : 's'}`, async () => await makeCredentials(folder, nodes));
  const rounds = await runRounds(options, credentials);
  if (!parts.includes('idle')) return rounds;
  const idle = await progress.step(`${agents} idle agents`, async (step) => await measureIdle({ credentials, agents, signal, detail: step.detail }));
  return { ...rounds, idle };
}

async function runRounds(options: BenchOptions, credentials: Awaited<ReturnType<typeof makeCredentials>>): Promise<Measured> {
  const { rounds, contenders, parts, profileFolder, programs, progress, signal } = options;
  if (!parts.includes('bulk') && !parts.includes('latency')) return { samples: [], busy: [], hangs: [] };
  await using running = new AsyncDisposableStack();
  const origin = running.use(await NodeChild.start<{ port: number }>('origin', []));
  const bench: Bench = { ...options, folder: credentials.folder, origin, load: await processFile('load') };
  const all = await progress.step('Starting the contenders', async () =>
    await startContenders({ credentials, originPort: origin.facts.port, only: contenders, unix: parts.includes('latency'), programs, stack: running, signal, ...(profileFolder !== undefined && { profileFolder }) }));
  if (parts.includes('latency')) await progress.step('Warming up', async (step) => await warmUp(bench, all, step.detail));
  const samples: Sample[] = [];
  const busy: Busy[] = [];
  for (let round = 1; round <= rounds; round++) {
    await progress.step(`Round ${round} of ${rounds}`, async (step) => {
      busy.push(await lookAround(lookMs, signal));
      for await (const sample of roundOf(bench, turned(all, round), round, step.detail)) samples.push(sample);
    });
  }
  return { samples, busy, hangs: parts.includes('latency') ? await stalledKonnectivity(bench, all) : [] };
}

/** How many times the connections of one measurement. Those over a Unix socket are the quick ones. */
const warmUpFactors: Readonly<Record<Door, number>> = { unix: 15, tcp: 2 };

/** Servers run for weeks: figures are not to be of their first seconds, in which a just-in-time compiler is at work beside them. */
async function warmUp(bench: Bench, all: readonly Running[], detail: (text: string) => void): Promise<void> {
  for (const one of all) for (const door of doorsOf(one)) {
    detail(`${one.name} (${door})`);
    await load(bench, one, { kind: 'latency', count: warmUpFactors[door] * bench.connections, condition: 'idle' }, door);
  }
}

async function* roundOf(bench: Bench, all: readonly Running[], round: number, detail: (text: string) => void): AsyncGenerator<Sample> {
  for (const direction of bench.parts.includes('bulk') ? directions : []) for (const streams of streamCounts) for (const one of all) {
    detail(`bulk ${direction}, ${streams} streams: ${one.name}`);
    yield await bulk(bench, one, round, direction, streams);
  }
  for (const condition of bench.parts.includes('latency') ? conditions : []) for (const one of all) for (const door of doorsOf(one)) {
    // konnectivity once, at the end: it may be the end of it. The door has no part in it.
    if (condition === 'stalled' && (one.name === 'konnectivity' || door === 'unix')) continue;
    detail(`connect + 1 KB, ${condition}: ${one.name} (${door})`);
    yield await latency(bench, one, round, door, condition);
  }
}

const doorsOf = ({ unixPath }: Running): readonly Door[] => doors.filter((door) => door === 'tcp' || unixPath !== undefined);

/** Behind bulk each takes several times as long. */
const countOf = ({ connections }: Bench, condition: Condition): number => (condition === 'idle' ? connections : Math.ceil(connections / 2));

/** Each round begins with another one. */
const turned = (all: readonly Running[], round: number): Running[] => [...all.slice(round % all.length), ...all.slice(0, round % all.length)];

/** One client that does not read stops konnectivity's whole tunnel (apiserver-network-proxy #881, #180): how long is waited to say so. */
const hangMs = 15_000;

async function stalledKonnectivity(bench: Bench, all: readonly Running[]): Promise<Hang[]> {
  const one = all.find(({ name }) => name === 'konnectivity');
  if (one === undefined) return [];
  return await bench.progress.step('konnectivity with a client that does not read', async (step) => {
    try {
      await load(bench, one, { kind: 'latency', count: countOf(bench, 'stalled'), condition: 'stalled' }, 'tcp', hangMs);
      step.result('it goes on');
      return [];
    } catch {
      bench.signal.throwIfAborted();
      step.result(`it hangs: no end within ${hangMs / 1000} s`);
      return [{ contender: one.name, condition: 'stalled', afterMs: hangMs }];
    }
  });
}

async function bulk(bench: Bench, one: Running, round: number, direction: Direction, streams: number): Promise<BulkSample> {
  const seconds = (): Omit<CpuCost, 'client'> => ({ server: one.server?.cpuSeconds() ?? 0, agent: one.agent?.cpuSeconds() ?? 0, origin: bench.origin.cpuSeconds() });
  const before = seconds();
  const { megabytesPerSecond, bytes, cpuSeconds } = await load<BulkAnswer>(bench, one, { kind: 'bulk', direction, streams, megabytes: bench.megabytes });
  const after = seconds();
  const gigabytes = bytes / 1e9;
  const cpu = { server: (after.server - before.server) / gigabytes, agent: (after.agent - before.agent) / gigabytes, origin: (after.origin - before.origin) / gigabytes, client: cpuSeconds / gigabytes };
  return { kind: 'bulk', contender: one.name, round, direction, streams, megabytesPerSecond, cpu };
}

async function latency(bench: Bench, one: Running, round: number, door: Door, condition: Condition): Promise<LatencySample> {
  const seen = await load<Omit<LatencySample, 'kind' | 'contender' | 'round' | 'door' | 'condition'>>(bench, one, { kind: 'latency', count: countOf(bench, condition), condition }, door);
  return { kind: 'latency', contender: one.name, round, door, condition, ...seen };
}

async function load<Answer>(bench: Bench, { name, port, unixPath, target }: Running, work: Job['work'], door: Door = 'tcp', timeoutMs = jobTimeoutMs): Promise<Answer> {
  const { folder, signal } = bench;
  const job: Job = { folder, port, work, ...(target !== undefined && { target }), ...(door === 'unix' && unixPath !== undefined && { unixPath }) };
  const { stdout } = await exec([process.execPath, bench.load, JSON.stringify(job)], { timeoutMs, signal }).catch((cause: unknown) => {
    signal.throwIfAborted();
    throw new CannotTellError('BENCH_FAILED', `${name} did not carry the load (${JSON.stringify(work)})`, { cause });
  });
  return JSON.parse(stdout) as Answer;
}
