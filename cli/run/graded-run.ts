import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describeError } from '../../core/errors.ts';
import { runsDir } from '../../core/paths.ts';
import { bootCluster } from '../../harness/cluster/up.ts';
import { removeCluster } from '../../harness/cluster/down.ts';
import { clusterDir } from '../../harness/cluster/store.ts';
import { loadImplementation } from '../../implementations/load.ts';
import type { ClusterState } from '../../harness/cluster/state.ts';
import { versions } from '../../images/versions.ts';
import { buildReport } from '../../reports/build.ts';
import { reportFiles } from '../../reports/facts.ts';
import { logsFolder, messagesFile, writeRun, type Run } from '../../reports/run.ts';
import { newRunId } from '../../reports/runs-list.ts';
import { summary } from '../../reports/summary.ts';
import { exitCodeOfReport } from '../../reports/verdict.ts';
import { followsFrom } from '../interrupts.ts';
import type { Io } from '../io.ts';
import type { ConformanceOptions } from '../options.ts';
import { edgeproofFacts, hostFacts } from './host-facts.ts';
import { FeaturesStopped, runFeatures, type Told } from './features.ts';
import { useEngine, useImages, type UsedEngine } from './prepare.ts';

export interface GradedRun extends ConformanceOptions {
  readonly mode: Run['mode'];
  /** What Cucumber is to run; without it every scenario. `tags` is only what the user asked for. */
  readonly selection?: string;
  /** A cluster that runs, to be graded and left as it is. Default: one is booted, and removed at the end. */
  readonly running?: ClusterState;
  /** Tells it as a story. */
  readonly told?: Told;
  /** One command that does the run again. */
  readonly reproduce: string;
}

/**
 * Boots a cluster, runs the features on it, tears down and reports. run.json is on disk from the start and says at any
 * moment how far the run came; the report is written whatever happened.
 *
 * @returns the exit code
 */
export async function gradedRun(options: GradedRun, io: Io): Promise<number> {
  const implementation = await loadImplementation(options.implementation);
  const startedAt = new Date();
  const id = newRunId(startedAt, options.topology.name, implementation.name);
  const runDir = join(runsDir, id);
  await mkdir(runDir, { recursive: true });
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
    run.end = interrupted || error instanceof FeaturesStopped ? 'interrupted' : run.end;
    failures.push(describeError(interrupted ? io.signal.reason : error));
  };
  try {
    await using engine = await timed(run, 'engine', async () => await useEngine(io));
    run.host = hostFacts(engine.docker.engine);
    await bootAndRun({ ...options, run, runDir, engine, fail }, io);
  } catch (error) {
    if (run.end === 'crashed' && !run.phases.some(({ name }) => name === 'features')) run.end = 'boot-failed';
    fail(error);
  }
  if (failures.length > 0) run.failure = failures.join('\n');
  run.finishedAt = new Date().toISOString();
  await writeRun(runDir, run);
  const report = await io.progress.step('Report', async () => await buildReport(runDir));
  io.stdout.write(`\n${summary(report).join('\n')}\n\nReport: ${join(runDir, reportFiles.html)}\n`);
  return exitCodeOfReport(report);
}

interface Booted extends GradedRun {
  readonly run: Run;
  readonly runDir: string;
  readonly engine: UsedEngine;
  readonly fail: (error: unknown) => void;
}

async function bootAndRun(options: Booted, io: Io): Promise<void> {
  const { run, runDir, engine, topology } = options;
  const { docker } = engine;
  const name = options.name ?? `grade-${randomBytes(2).toString('hex')}`;
  const implementation = await loadImplementation(options.implementation);
  const images = await timed(run, 'images', async () => await useImages(docker, options.images, implementation, io));
  await writeRun(runDir, run);
  const cluster = options.running ?? await bootCluster({
    name,
    topology,
    implementation,
    docker,
    images,
    progress: io.progress,
    signal: io.signal,
    logsDir: join(runDir, logsFolder, 'boot'),
    onPhase: (phase) => void run.phases.push(phase),
  });
  await writeRun(runDir, run);
  try {
    io.progress.line('Features');
    const { mode, selection, told } = options;
    const features = { cluster, docker, kubectl: images.tools.kubectl, runDir, messages: join(runDir, messagesFile), mode, signal: io.signal };
    await timed(run, 'features', async () => await runFeatures({ ...features, ...(selection !== undefined && { tags: selection }), ...(told !== undefined && { told }) }));
    run.end = 'completed';
  } catch (error) {
    options.fail(error);
  }
  await writeRun(runDir, run);
  if (options.running !== undefined) return;
  if (options.keep) {
    io.progress.line(`Kept: cluster ${name}. KUBECONFIG=${join(clusterDir(name), 'kubeconfig')}; remove it: edgeproof down ${name}`);
    return;
  }
  await timed(run, 'teardown', async () => await io.progress.step('Tearing down', async () => await removeCluster(docker, name)));
}

async function timed<T>(run: Run, name: string, work: () => Promise<T>): Promise<T> {
  const startedAt = new Date();
  try {
    return await work();
  } finally {
    run.phases.push({ name, startedAt: startedAt.toISOString(), ms: Date.now() - startedAt.getTime() });
  }
}
