import { contenders, type Contender } from '../../bench/result.ts';
import { runHttpBench } from '../../bench/http/run.ts';
import { httpTable, type HttpResult } from '../../bench/http/table.ts';
import { saveHttpResult } from '../../bench/store.ts';
import { buildPrograms } from '../../harness/images/go-programs.ts';
import { benchPrograms, loadPrograms } from '../../images/programs.ts';
import { versions } from '../../images/versions.ts';
import type { Io } from '../io.ts';
import { edgeproofFacts, hostFacts } from './host-facts.ts';

/** Finds how many reads of a kubelet a second each contender carries, and writes it down. */
export async function benchHttp({ only, seconds, most }: { only: readonly Contender[]; seconds: number; most: number }, io: Io): Promise<number> {
  const startedAt = new Date().toISOString();
  const chosen = contenders.filter((name) => only.length === 0 || only.includes(name));
  const { progress, signal } = io;
  const load = await buildPrograms(loadPrograms, progress, signal);
  const bench = chosen.includes('konnectivity') ? await buildPrograms(benchPrograms, progress, signal) : '';
  const found = await runHttpBench({ contenders: chosen, seconds, most, programs: { load, bench }, progress, signal });
  const result: HttpResult = {
    startedAt,
    host: hostFacts(),
    versions: { edgeproof: (await edgeproofFacts()).commit ?? '', konnectivity: versions.konnectivity, vegeta: versions.vegeta, node: process.version },
    seconds,
    ...found,
  };
  const path = await saveHttpResult(result);
  io.stdout.write(`\n${httpTable(result)}\nResult: ${path}\n`);
  return 0;
}
