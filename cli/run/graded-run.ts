import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { describeError, exitCodes } from '../../core/errors.ts';
import { EngineGoneError } from '../../harness/engine/demand-engine.ts';
import { whileEngineRuns } from '../../harness/engine/while-engine-runs.ts';
import { KubeClient } from '../../harness/kube/client.ts';
import { loadImplementation } from '../../implementations/load.ts';
import { versions } from '../../images/versions.ts';
import { buildReport, readReport } from '../../reports/build.ts';
import { reportFiles } from '../../reports/facts.ts';
import type { Report } from '../../reports/model.ts';
import { messagesFile, writeRun, type Run } from '../../reports/run.ts';
import { makeRunFolder } from '../../reports/runs-list.ts';
import { summary } from '../../reports/summary.ts';
import { exitCodeOfReport } from '../../reports/verdict.ts';
import { followsFrom } from '../interrupts.ts';
import type { Io } from '../io.ts';
import type { ConformanceOptions } from '../options.ts';
import { writeEarlierTimes } from './earlier-times.ts';
import { edgeproofFacts, hostFacts } from './host-facts.ts';
import { FeaturesStopped, runFeatures, type Told } from './features.ts';
import { gradeAlone } from './grade-alone.ts';
import { Ground, timed, type Standing } from './ground.ts';
import { healLeft } from './heal-left.ts';
import { exitCodeOfRounds, roundsSummary } from './rounds.ts';
import { takeTurn } from './turn.ts';

export interface GradedRun extends ConformanceOptions {
  readonly mode: Run['mode'];
  /** What Cucumber is to run; without it every scenario. `tags` is only what the user asked for. */
  readonly selection?: string;
  /** Tells it as a story. */
  readonly told?: Told;
  /** One command that does the run again. */
  readonly reproduce: string;
}

/**
 * Boots a cluster, runs the features on it, as often as is asked, tears down and reports. Each round is a run with a report of its own. run.json is on disk from
 * the start and says at any moment how far the run came; the report is written whatever happened.
 *
 * @returns the exit code
 * @throws UsageError when another edgeproof grades that cluster; as `takeTurn`
 */
export async function gradedRun(options: GradedRun, io: Io): Promise<number> {
  const { repeat: rounds } = options;
  const name = options.cluster?.name ?? options.name ?? `grade-${randomBytes(2).toString('hex')}`;
  await using _turn = await takeTurn(io);
  await using _alone = await gradeAlone(name);
  await using ground = new Ground({ ...options, name, implementation: await loadImplementation(options.implementation) }, io);
  const reports: Report[] = [];
  for (let round = 1; round <= rounds; round++) {
    if (rounds > 1) io.progress.line(`Round ${round} of ${rounds}`);
    const { report, ended } = await oneRun({ ...options, ground, last: round === rounds }, io);
    reports.push(report);
    if (ended) break;
  }
  if (rounds > 1) io.stdout.write(`\n${roundsSummary(reports, rounds).join('\n')}\n`);
  return exitCodeOfRounds(reports.map(exitCodeOfReport));
}

interface Round extends GradedRun {
  readonly ground: Ground;
  readonly last: boolean;
}

/** @returns also whether no other run can follow on the same cluster */
async function oneRun(options: Round, io: Io): Promise<{ readonly report: Report; readonly ended: boolean }> {
  const { ground } = options;
  const implementation = await loadImplementation(options.implementation);
  const startedAt = new Date();
  const { id, runDir } = await makeRunFolder(startedAt, options.topology.name, implementation.name);
  const run: Run = {
    id,
    mode: options.mode,
    startedAt: startedAt.toISOString(),
    edgeproof: await edgeproofFacts(),
    implementation: { name: implementation.name, version: implementation.version, claims: [...implementation.claims] },
    topology: options.topology,
    ...(options.tags !== undefined && { tags: options.tags }),
    versions: { ...versions },
    host: hostFacts(),
    phases: [],
    end: 'crashed',
    reproduce: options.reproduce,
  };
  await writeRun(runDir, run);
  const failures: string[] = [];
  const fail = (error: unknown): void => {
    const interrupted = io.signal.aborted && followsFrom(error, io.signal.reason);
    run.end = interrupted || error instanceof FeaturesStopped || error instanceof EngineGoneError ? 'interrupted' : run.end;
    const said = describeError(interrupted ? io.signal.reason : error);
    // Each part of the run that is without its engine says the same.
    if (!failures.includes(said)) failures.push(said);
  };
  try {
    const standing = await ground.open(run, runDir);
    await grade({ ...options, run, runDir, fail }, standing, io);
  } catch (error) {
    if (run.end === 'crashed') run.end = 'boot-failed';
    fail(error);
  }
  const ended = options.last || failures.length > 0 || io.signal.aborted || (stopsAtFailure(options) && exitCodeOfReport(await readReport(runDir)) !== exitCodes.pass);
  if (ended) await ground.leave({ run, runDir }).catch(fail);
  if (failures.length > 0) run.failure = failures.join('\n');
  run.finishedAt = new Date().toISOString();
  await writeRun(runDir, run);
  const report = await io.progress.step('Report', async () => await buildReport(runDir));
  io.stdout.write(`\n${summary(report).join('\n')}\n\nReport: ${join(runDir, reportFiles.html)}\n`);
  return { report, ended };
}

/**
 * What Cucumber does when a scenario fails. What the next one would heal nobody could look at, so with `keep` nothing follows. In a control most fail as they
 * must, and Cucumber cannot tell those from others: it goes on.
 *
 * @internal
 */
export function atFailure({ mode, failFast, keep }: Pick<GradedRun, 'mode' | 'failFast' | 'keep'>): { readonly failFast: boolean; readonly leave: boolean } {
  const conformance = mode === 'conformance';
  return { failFast: conformance && (failFast || keep), leave: conformance && keep };
}

/** @internal Whether no round follows one that did not pass: what is left as it is for a look, the next one would heal. */
export const stopsAtFailure = (options: Pick<GradedRun, 'mode' | 'failFast' | 'keep'>): boolean => options.failFast || atFailure(options).leave;

interface Graded extends GradedRun {
  readonly run: Run;
  readonly runDir: string;
  readonly fail: (error: unknown) => void;
}

async function grade({ run, runDir, fail, mode, selection, failFast, keep, told, cluster: stays }: Graded, { cluster, docker, kubectl }: Standing, io: Io): Promise<void> {
  try {
    io.progress.line('Features');
    const features = { cluster, docker, kubectl, runDir, messages: join(runDir, messagesFile), mode, ...atFailure({ mode, failFast, keep }), earlierTimes: io.stderr.isTTY === true ? await writeEarlierTimes(run, runDir) : undefined };
    await timed(run, 'features', async () => await whileEngineRuns(docker.engine, io.signal, async (signal) => await runFeatures({ ...features, signal, ...(selection !== undefined && { tags: selection }), ...(told !== undefined && { told }) })));
    run.end = 'completed';
  } catch (error) {
    fail(error);
    // With any other cluster all that was broken goes too.
    if (stays !== undefined || keep) await endsWhatIsLeft({ cluster, docker }, new Date(run.startedAt), io).catch(fail);
  }
  await writeRun(runDir, run);
}

async function endsWhatIsLeft(standing: Pick<Standing, 'cluster' | 'docker'>, since: Date, io: Io): Promise<void> {
  using kube = await KubeClient.fromKubeconfig(standing.cluster.kubeconfig);
  await healLeft({ ...standing, kube }, since, io);
}
