import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { CannotTellError, exitCodes } from '../../core/errors.ts';
import { repositoryRoot } from '../../core/paths.ts';
import { endOrphans, parentVariable } from '../../core/process.ts';
import type { ClusterState } from '../../harness/cluster/state.ts';
import type { Docker } from '../../harness/docker/docker.ts';

/** How a run is told to somebody who watches. */
export interface Told {
  /** A file for what was told, as an asciicast. */
  readonly record?: string;
}

export interface FeatureRun {
  readonly cluster: ClusterState;
  readonly docker: Docker;
  readonly kubectl: string;
  readonly runDir: string;
  readonly messages: string;
  readonly mode: 'conformance' | 'control';
  /** A tag expression; without it every scenario runs. */
  readonly tags?: string;
  /** Scenarios that have not begun when one fails are skipped. */
  readonly failFast?: boolean;
  /** A file with how long each promise took before: on a terminal it is shown how long is left. */
  readonly earlierTimes?: string | undefined;
  /** What a failed scenario has broken stays so. */
  readonly leave?: boolean;
  /** Tells the run as a story (steps/support/demo-formatter.ts), instead of a line for each scenario. */
  readonly told?: Told;
  readonly signal: AbortSignal;
  /** @internal What is run instead of Cucumber. */
  readonly program?: string;
}

/** Somebody else than edgeproof told Cucumber to stop, which skipped the scenarios that were left. */
export class FeaturesStopped extends CannotTellError {
  constructor() {
    super('FEATURES_STOPPED', 'Cucumber was told to stop, and not by edgeproof', { next: 'run it again, and see who sends signals to its processes' });
  }
}

/** All features on the slowest machine seen; each step and hook has a time-out of its own. */
const timeoutMs = 60 * 60_000;
/** After an interruption the running scenario heals what it broke. */
const windDownMs = 90_000;

/** On plain Kubernetes what runs side by side does little but wait for what never answers. */
const parallelInControl = 6;

const program = join(repositoryRoot, 'node_modules', '@cucumber', 'cucumber', 'bin', 'cucumber.js');

/**
 * Runs the features in a Cucumber of its own, which writes its messages as it goes: nothing that happens in it can
 * take the cluster's owner along.
 *
 * @throws CannotTellError `FEATURES_TIMEOUT`, `FEATURES_STOPPED`, `FEATURES_CRASHED`; the signal's reason when interrupted
 */
export async function runFeatures(run: FeatureRun): Promise<void> {
  const parallel = run.mode === 'control' ? ['--parallel', String(parallelInControl)] : [];
  const profile = run.told === undefined ? [] : ['--profile', 'demo'];
  const args = [...profile, '--format', `message:${run.messages}`, ...parallel, ...(run.failFast === true ? ['--fail-fast'] : []), ...(run.tags === undefined ? [] : ['--tags', run.tags])];
  const child = spawn(process.execPath, [run.program ?? program, ...args], {
    cwd: repositoryRoot,
    env: {
      ...process.env,
      ...run.docker.env,
      [parentVariable]: String(process.pid),
      EDGEPROOF_CLUSTER: run.cluster.name,
      EDGEPROOF_KUBECTL: run.kubectl,
      EDGEPROOF_RUN_DIR: run.runDir,
      EDGEPROOF_MODE: run.mode,
      EDGEPROOF_EARLIER_TIMES: run.earlierTimes,
      EDGEPROOF_LEAVE: run.leave === true ? '1' : '0',
      EDGEPROOF_RECORD: run.told?.record,
      EDGEPROOF_OWNER_FD: '3',
    },
    // Its progress goes where ours goes: stderr. A group of its own: a Ctrl-C reaches it through us, once.
    // The fourth descriptor closes when this process dies, however it dies: Cucumber then heals what it has broken, and ends.
    stdio: ['ignore', 2, 2, 'pipe'],
    detached: true,
  });
  child.stdio[3]?.on('error', () => {});
  let late = false;
  const kill = (signal: NodeJS.Signals): void => void (child.pid !== undefined && child.exitCode === null && child.kill(signal));
  const timers = [setTimeout(() => { late = true; kill('SIGKILL'); }, timeoutMs)];
  const onAbort = (): void => {
    kill('SIGINT');
    timers.push(setTimeout(() => kill('SIGKILL'), windDownMs));
  };
  if (run.signal.aborted) onAbort();
  run.signal.addEventListener('abort', onAbort, { once: true });
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    run.signal.throwIfAborted();
    if (late) throw new CannotTellError('FEATURES_TIMEOUT', `the features still ran after ${timeoutMs / 60_000} minutes`, { next: 'see which scenario hung in the report' });
    if (code === exitCodes.cannotTell) throw new FeaturesStopped();
    // 1: a scenario did not pass. What that means is for the report to say.
    if (code !== 0 && code !== 1) {
      throw new CannotTellError('FEATURES_CRASHED', `Cucumber ended with ${code ?? 'a signal'}`, { next: 'read what it printed above; a step file that does not load is the usual reason' });
    }
  } finally {
    for (const timer of timers) clearTimeout(timer);
    run.signal.removeEventListener('abort', onAbort);
    // Cucumber ends a scenario's programs itself, unless it was killed or one of its workers died.
    if (child.pid !== undefined) await endOrphans({ of: child.pid });
  }
}
