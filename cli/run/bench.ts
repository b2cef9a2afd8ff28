import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { contenders, doorOfRatio, parts, ratiosOf, type BenchResult, type Contender, type Part } from '../../bench/result.ts';
import { runBench, type BenchOptions } from '../../bench/run.ts';
import { resultFolder, saveResult } from '../../bench/store.ts';
import { tableOf } from '../../bench/table.ts';
import { buildPrograms } from '../../harness/images/go-programs.ts';
import { benchPrograms } from '../../images/programs.ts';
import { versions } from '../../images/versions.ts';
import type { Io } from '../io.ts';
import { edgeproofFacts, hostFacts } from './host-facts.ts';
import { takeTurn } from './turn.ts';

export interface BenchArguments extends Pick<BenchOptions, 'rounds' | 'agents' | 'megabytes' | 'connections'> {
  /** Names of contenders and parts; all contenders or all parts when none of them is named. */
  readonly only: readonly (Contender | Part)[];
  readonly quick: boolean;
  readonly profile: boolean;
}

/** Runs the benchmark of the tunnel and writes what it found. */
export async function benchTunnel({ only, quick, profile, ...options }: BenchArguments, io: Io): Promise<number> {
  await using _turn = await takeTurn(io);
  const startedAt = new Date().toISOString();
  const named = <Name extends string>(names: readonly Name[]): Name[] => {
    const chosen = names.filter((name) => (only as readonly string[]).includes(name));
    return chosen.length === 0 ? [...names] : chosen;
  };
  const chosen = { contenders: named(contenders), parts: named(parts) };
  const { progress, signal } = io;
  const folder = resultFolder(startedAt);
  if (profile) await mkdir(folder, { recursive: true });
  const programs = chosen.contenders.includes('konnectivity') ? await buildPrograms(benchPrograms, progress, signal) : '';
  const measured = await runBench({ ...options, ...chosen, programs, progress, signal, ...(profile && { profileFolder: folder }) });
  const result: BenchResult = {
    startedAt,
    whole: only.length === 0 && !quick && !profile,
    host: hostFacts(),
    versions: { edgeproof: (await edgeproofFacts()).commit ?? '', konnectivity: versions.konnectivity, node: process.version, openssl: process.versions.openssl },
    rounds: options.rounds,
    ratios: ratiosOf(measured.samples, measured.idle),
    doorOfRatio,
    ...measured,
  };
  await saveResult(result);
  io.stdout.write(`\n${tableOf(result)}\nResult: ${join(folder, 'result.json')}\n`);
  return 0;
}
