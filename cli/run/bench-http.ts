import { contenders, type Contender } from '../../bench/result.ts';
import { runClusterBench } from '../../bench/http/cluster.ts';
import { runHttpBench } from '../../bench/http/run.ts';
import { httpTable, type HttpResult } from '../../bench/http/table.ts';
import { saveHttpResult } from '../../bench/store.ts';
import { exitCodes, UsageError } from '../../core/errors.ts';
import { loadCluster } from '../../harness/cluster/store.ts';
import { buildPrograms } from '../../harness/images/go-programs.ts';
import { benchPrograms, loadPrograms } from '../../images/programs.ts';
import { versions } from '../../images/versions.ts';
import { chooseCluster } from '../clusters.ts';
import type { Io } from '../io.ts';
import { edgeproofFacts, hostFacts } from './host-facts.ts';
import { takeTurn } from './turn.ts';

export interface BenchHttpArguments {
  readonly only: readonly Contender[];
  /** Instead of contenders on the loopback: through the API server of this cluster. */
  readonly cluster?: string;
  readonly seconds: number;
  readonly most: number;
}

/**
 * Finds how many reads of a kubelet a second each contender carries, or a cluster's API server, and writes it down.
 *
 * @throws UsageError for contenders and a cluster at once, and for a cluster that is not there
 */
export async function benchHttp({ only, cluster, seconds, most }: BenchHttpArguments, io: Io): Promise<number> {
  if (cluster !== undefined && only.length > 0) throw new UsageError('--only names contenders on the loopback, and --cluster reads through an API server', { next: 'leave one of them out' });
  const { progress, signal } = io;
  const startedAt = new Date().toISOString();
  const state = cluster === undefined ? undefined : await loadCluster(await chooseCluster(cluster));
  const chosen = state !== undefined ? [] : contenders.filter((name) => only.length === 0 || only.includes(name));
  await using _turn = await takeTurn(io);
  const load = await buildPrograms(loadPrograms, progress, signal);
  const bench = chosen.includes('konnectivity') ? await buildPrograms(benchPrograms, progress, signal) : '';
  const found = state !== undefined ? await runClusterBench({ cluster: state, seconds, most, load, progress, signal }) : await runHttpBench({ contenders: chosen, seconds, most, programs: { load, bench }, progress, signal });
  const result: HttpResult = {
    startedAt,
    host: hostFacts(),
    versions: { edgeproof: (await edgeproofFacts()).commit ?? '', konnectivity: versions.konnectivity, vegeta: versions.vegeta, node: process.version },
    seconds,
    ...found,
  };
  const path = await saveHttpResult(result);
  io.stdout.write(`\n${httpTable(result)}\nResult: ${path}\n`);
  const dropped = found.knees.filter((knee) => knee.dropped !== undefined);
  if (dropped.length === 0) return exitCodes.pass;
  io.stderr.write(`The load generator itself did not keep up in ${dropped.length} of ${found.knees.length} cases.\n  next: run it on a machine with more room, or with a lower --most\n`);
  return exitCodes.cannotTell;
}
