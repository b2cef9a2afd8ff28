import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CannotTellError } from '../core/errors.ts';
import { exec } from '../core/exec.ts';
import { repositoryRoot } from '../core/paths.ts';
import type { Progress } from '../core/progress.ts';
import { NodeChild } from './child.ts';
import { startContenders, type Running } from './contenders.ts';
import { makeCredentials } from './credentials.ts';
import { measureIdle } from './idle.ts';
import type { Job } from './processes/load.ts';
import { conditions, directions, streamCounts, type Hang, type Idle, type Sample } from './result.ts';

export interface BenchOptions {
  readonly rounds: number;
  /** Idle agents. */
  readonly agents: number;
  /** Of one bulk measurement, over all its streams. */
  readonly megabytes: number;
  /** Connections of one latency measurement. */
  readonly connections: number;
  /** Folder with konnectivity's programs. */
  readonly programs: string;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

const jobTimeoutMs = 120_000;

/** Runs all contenders in turns, round after round: what disturbs the machine disturbs all of them. */
export async function runBench(options: BenchOptions): Promise<{ samples: Sample[]; idle: Idle; hangs: Hang[] }> {
  const { rounds, agents, progress, signal } = options;
  const folder = await mkdtemp(join(tmpdir(), 'edgeproof-bench-'));
  await using stack = new AsyncDisposableStack();
  stack.defer(async () => await rm(folder, { recursive: true, force: true }));
  const credentials = await progress.step(`Certificates of ${agents} nodes`, async () => await makeCredentials(folder, agents));
  const samples: Sample[] = [];
  let hangs: Hang[] = [];
  {
    await using running = new AsyncDisposableStack();
    const origin = running.use(await NodeChild.start<{ port: number }>('origin', []));
    const all = await progress.step('Starting the contenders', async () => await startContenders({ ...options, credentials, originPort: origin.facts.port, stack: running }));
    for (let round = 1; round <= rounds; round++) {
      await progress.step(`Round ${round} of ${rounds}`, async (step) => {
        for (const direction of directions) for (const streams of streamCounts) for (const one of turned(all, round)) {
          step.detail(`bulk ${direction}, ${streams} streams: ${one.name}`);
          samples.push(await bulk(one, { ...options, folder, round, direction, streams }));
        }
        for (const condition of conditions) for (const one of turned(all, round)) {
          if (condition === 'stalled' && one.name === 'konnectivity') continue; // once, at the end: it may be the end of it
          step.detail(`connect + 1 KB, ${condition}: ${one.name}`);
          const seen = await load<Omit<Extract<Sample, { kind: 'latency' }>, 'kind' | 'contender' | 'round' | 'condition'>>(one, folder, { kind: 'latency', count: options.connections, condition }, signal);
          samples.push({ kind: 'latency', contender: one.name, round, condition, ...seen });
        }
      });
    }
    hangs = await stalledKonnectivity(all, folder, options);
  }
  const idle = await progress.step(`${agents} idle agents`, async (step) => await measureIdle({ credentials, agents, signal, detail: step.detail }));
  return { samples, idle, hangs };
}

/** One client that does not read stops konnectivity's whole tunnel (apiserver-network-proxy #881, #180): how long is waited to say so. */
const hangMs = 15_000;

async function stalledKonnectivity(all: readonly Running[], folder: string, { connections, progress, signal }: BenchOptions): Promise<Hang[]> {
  const one = all.find(({ name }) => name === 'konnectivity')!;
  return await progress.step('konnectivity with a client that does not read', async (step) => {
    try {
      await load(one, folder, { kind: 'latency', count: connections, condition: 'stalled' }, signal, hangMs);
      step.result('it goes on');
      return [];
    } catch {
      signal.throwIfAborted();
      step.result(`it hangs: no end within ${hangMs / 1000} s`);
      return [{ contender: one.name, condition: 'stalled', afterMs: hangMs }];
    }
  });
}

/** Each round begins with another one. */
const turned = (all: readonly Running[], round: number): Running[] => [...all.slice(round % all.length), ...all.slice(0, round % all.length)];

async function bulk(one: Running, options: BenchOptions & { folder: string; round: number; direction: (typeof directions)[number]; streams: number }): Promise<Sample> {
  const { folder, round, direction, streams, megabytes, signal } = options;
  const cpu = (): number => one.tunnel.reduce((sum, child) => sum + child.cpuSeconds(), 0);
  const before = cpu();
  const { megabytesPerSecond, bytes } = await load<{ megabytesPerSecond: number; bytes: number }>(one, folder, { kind: 'bulk', direction, streams, megabytes }, signal);
  return { kind: 'bulk', contender: one.name, round, direction, streams, megabytesPerSecond, cpuSecondsPerGigabyte: (cpu() - before) / (bytes / 1e9) };
}

async function load<Result>({ name, port, target }: Running, folder: string, work: Job['work'], signal: AbortSignal, timeoutMs = jobTimeoutMs): Promise<Result> {
  const job: Job = { folder, port, work, ...(target !== undefined && { target }) };
  const { stdout } = await exec([process.execPath, join(repositoryRoot, 'bench', 'processes', 'load.ts'), JSON.stringify(job)], { timeoutMs, signal }).catch((cause: unknown) => {
    signal.throwIfAborted();
    throw new CannotTellError('BENCH_FAILED', `${name} did not carry the load (${JSON.stringify(work)})`, { cause });
  });
  return JSON.parse(stdout) as Result;
}
