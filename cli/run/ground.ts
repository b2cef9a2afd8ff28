import { join } from 'node:path';
import type { Topology } from '../../topologies/schema.ts';
import { demandRoom } from '../../harness/cluster/room.ts';
import { removeCluster } from '../../harness/cluster/down.ts';
import type { ClusterState } from '../../harness/cluster/state.ts';
import { bootCluster } from '../../harness/cluster/up.ts';
import type { Docker } from '../../harness/docker/docker.ts';
import { whileEngineRuns } from '../../harness/engine/while-engine-runs.ts';
import { kubectlFor } from '../../harness/images/kubectl.ts';
import type { ImagesMode } from '../../harness/images/registry.ts';
import type { Implementation } from '../../harness/implementation.ts';
import { howToEnter, readLeft } from '../../reports/left.ts';
import { logsFolder, writeRun, type Run } from '../../reports/run.ts';
import type { Io } from '../io.ts';
import { hostFacts } from './host-facts.ts';
import { useEngine, useImages, type UsedEngine } from './prepare.ts';

export interface GroundOptions {
  readonly implementation: Implementation;
  readonly topology: Topology;
  readonly topologyArgument: string;
  readonly images: ImagesMode;
  /** Of the cluster that is booted. */
  readonly name: string;
  /** Leave the cluster running at the end. */
  readonly keep: boolean;
  /** Runs already: it is graded as it is, and stays. */
  readonly cluster?: ClusterState;
}

/** What features run on. */
export interface Standing {
  readonly cluster: ClusterState;
  readonly docker: Docker;
  /** Path of a kubectl. */
  readonly kubectl: string;
}

/** A cluster for one run or several: made for the first, removed after the last. */
export class Ground implements AsyncDisposable {
  readonly #options: GroundOptions;
  readonly #io: Io;
  #engine: UsedEngine | undefined;
  #standing: Standing | undefined;

  constructor(options: GroundOptions, io: Io) {
    this.#options = options;
    this.#io = io;
  }

  /**
   * Sees to it that the cluster is there, and notes in a run what that took and on what it stands.
   *
   * @throws whatever a boot throws; nothing of it is left then but the engine
   */
  async open(run: Run, runDir: string): Promise<Standing> {
    this.#engine ??= await timed(run, 'engine', async () => await useEngine(this.#io));
    const { docker } = this.#engine;
    run.host = hostFacts(docker.engine);
    this.#standing ??= await this.#stand(docker, run, runDir);
    await writeRun(runDir, run);
    return this.#standing;
  }

  async #stand(docker: Docker, run: Run, runDir: string): Promise<Standing> {
    const { cluster, implementation, images: mode, topology, topologyArgument, name } = this.#options;
    const { progress, signal } = this.#io;
    if (cluster !== undefined) return { cluster, docker, kubectl: await kubectlFor(docker, cluster, signal) };
    await demandRoom(docker, topology, signal);
    const images = await timed(run, 'images', async () => await useImages(docker, mode, implementation, this.#io));
    await writeRun(runDir, run);
    const boot = { name, topology, topologyArgument, implementation, docker, images, progress, logsDir: join(runDir, logsFolder, 'boot'), onPhase: (phase: Run['phases'][number]) => void run.phases.push(phase) };
    const booted = await whileEngineRuns(docker.engine, signal, async (running) => await bootCluster({ ...boot, signal: running }));
    return { cluster: booted, docker, kubectl: images.tools.kubectl };
  }

  /** Removes the cluster, unless it is to stay, and leaves the engine. A run that ends with it notes what that took. Does nothing the second time. */
  async leave(last?: { readonly run: Run; readonly runDir: string }): Promise<void> {
    await using _engine = this.#engine;
    const standing = this.#standing;
    this.#engine = undefined;
    this.#standing = undefined;
    if (standing === undefined) return;
    const { cluster: { name, kubeconfig }, docker } = standing;
    if (this.#options.keep) return howToEnter(name, kubeconfig, last === undefined ? [] : await readLeft(last.runDir)).forEach((line) => this.#io.progress.line(line));
    if (this.#options.cluster !== undefined) return;
    const remove = async (): Promise<void> => await this.#io.progress.step('Tearing down', async () => await removeCluster(docker, name));
    await (last === undefined ? remove() : timed(last.run, 'teardown', remove));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.leave();
  }
}

/** Notes how long a part of a run took, whatever became of it. */
export async function timed<T>(run: Run, name: string, work: () => Promise<T>): Promise<T> {
  const startedAt = new Date();
  try {
    return await work();
  } finally {
    run.phases.push({ name, startedAt: startedAt.toISOString(), ms: Date.now() - startedAt.getTime() });
  }
}
