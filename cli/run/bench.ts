import { loadavg } from 'node:os';
import { join } from 'node:path';
import { buildPrograms } from '../../harness/images/go-programs.ts';
import { benchPrograms } from '../../images/programs.ts';
import { versions } from '../../images/versions.ts';
import { ratiosOf } from '../../bench/result.ts';
import { runBench, type BenchOptions } from '../../bench/run.ts';
import { saveResult } from '../../bench/store.ts';
import { tableOf } from '../../bench/table.ts';
import type { Io } from '../io.ts';
import { hostFacts } from './host-facts.ts';

/** Runs the benchmark of the tunnel and writes what it found. */
export async function benchTunnel(options: Pick<BenchOptions, 'rounds' | 'agents' | 'megabytes' | 'connections'>, io: Io): Promise<number> {
  const startedAt = new Date().toISOString();
  // What else ran when it began: figures of a busy machine are worth less.
  const load = loadavg()[0];
  const programs = await buildPrograms(benchPrograms, io.progress, io.signal);
  const { samples, idle, hangs } = await runBench({ ...options, programs, progress: io.progress, signal: io.signal });
  const result = {
    startedAt,
    host: { ...hostFacts(), loadAverage: load },
    versions: { konnectivity: versions.konnectivity, node: process.version, openssl: process.versions.openssl },
    rounds: options.rounds,
    ratios: ratiosOf(samples, idle),
    idle,
    hangs,
    samples,
  };
  const folder = await saveResult(result);
  io.stdout.write(`\n${tableOf(result)}\nResult: ${join(folder, 'result.json')}\n`);
  return 0;
}
