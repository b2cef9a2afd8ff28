import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { exitCodes, UsageError } from '../../core/errors.ts';
import { repositoryRoot } from '../../core/paths.ts';
import { silentProgress } from '../../core/progress.ts';
import { ownedLabel } from '../../harness/cluster/labels.ts';
import { listClusters } from '../../harness/cluster/store.ts';
import type { Io } from '../io.ts';
import { useEngine } from '../run/prepare.ts';
import { added, lookForLeftovers } from './leftovers.ts';
import { randomBy } from './random.ts';

interface Victim {
  readonly name: string;
  readonly args: readonly string[];
  readonly from?: string;
  readonly ms: number;
}

export interface AccidentsOptions {
  readonly times: number;
  readonly seed: number;
}

const graded = ['conformance', '--topology', 'one-edge', '--name', 'accident', '--tags'];
/**
 * What is interrupted: from when on (a line that it writes; else its start), and for how long that goes on by itself on two cores, in milliseconds. The moment is anywhere in that.
 * A fault is on in most of the run: who heals it then is what matters. Teardown needs a cluster, and no more.
 */
const victims: readonly Victim[] = [
  { name: 'boot', args: ['up', 'one-edge', '--name', 'accident'], ms: 50_000 },
  { name: 'run', args: [...graded, '@autonomy-container-restart'], from: 'Features', ms: 25_000 },
  { name: 'teardown', args: [...graded, '@lifecycle-placement-taint'], from: '… Tearing down', ms: 4_000 },
];
const whole = [...graded, '@lifecycle-placement-taint'];
/** An interrupted edgeproof cleans up within that. */
const endsWithinMs = 180_000;
const program = join(repositoryRoot, 'cli', 'main.ts');

/**
 * Ends edgeproof at random moments of boot, run and teardown in turns, by SIGINT and SIGKILL in turns; after each, `down --all` must leave nothing of it on the machine and in its engine,
 * and in the end a whole run must work.
 *
 * @returns 0, or 1 when something was left, did not end in time, or the run afterwards does not work
 * @throws UsageError when there are clusters: `down --all` would remove them; the signal's reason
 */
export async function runAccidents({ times, seed }: AccidentsOptions, io: Io): Promise<number> {
  const clusters = await listClusters();
  if (clusters.length > 0) throw new UsageError(`there are clusters, which this would remove: ${clusters.join(', ')}`, { next: 'remove them first: edgeproof down --all' });
  const random = randomBy(seed);
  await edgeproof(['down', '--all'], io);
  const before = await lookForLeftovers();
  let bad = 0;
  let missed = 0;
  for (let time = 1; time <= times && !io.signal.aborted; time++) {
    const startedAt = performance.now();
    const victim = victims[(time - 1) % victims.length]!;
    const signal = time % 2 === 0 ? 'SIGKILL' : 'SIGINT';
    const afterMs = Math.floor(random() * victim.ms);
    const { code, tookMs, met } = await edgeproof(victim.args, io, { signal, afterMs, ...(victim.from !== undefined && { from: victim.from }) });
    const cleaned = await edgeproof(['down', '--all'], io);
    const problems = [
      ...(cleaned.code === 0 ? [] : [`down --all ended with ${cleaned.code}`]),
      ...(tookMs > endsWithinMs ? [`it took ${seconds(tookMs)} to end`] : []),
      ...added(before, await lookForLeftovers()),
      ...await leftInEngine(io),
    ];
    bad += problems.length > 0 ? 1 : 0;
    missed += met === undefined ? 1 : 0;
    const what = met === undefined ? `it had ended by itself: exit ${code}` : `at "${met}": exit ${code}, ended ${seconds(tookMs)} later; down --all ${seconds(cleaned.ranMs)}`;
    io.stdout.write(`[${time}/${times}] ${problems.length === 0 ? '✓' : '✗'} ${signal} ${seconds(afterMs)} into ${victim.name}, ${what}; in all ${seconds(performance.now() - startedAt)}${problems.map((problem) => `\n        ${problem}`).join('')}\n`);
  }
  io.signal.throwIfAborted();
  const next = await edgeproof(whole, io);
  io.stdout.write(`A whole run afterwards: exit ${next.code}, ${seconds(next.ranMs)}.\n${bad === 0 ? 'Nothing was left' : `${bad} left something`} of ${times - missed} that were hit and ${missed} that had ended before. Seed ${seed}.\n`);
  return bad === 0 && next.code === exitCodes.pass ? exitCodes.pass : exitCodes.fail;
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

/** Containers, networks and volumes stay with an engine that is stopped: it is started to be asked. @returns each that is there, with its kind */
async function leftInEngine(io: Io): Promise<string[]> {
  await using engine = await useEngine({ ...io, progress: silentProgress });
  const { docker } = engine;
  const kinds = { containers: ['ps', '--all', '--format', '{{.Names}}'], networks: ['network', 'ls', '--filter', `label=${ownedLabel}`, '--format', '{{.Name}}'], volumes: ['volume', 'ls', '--format', '{{.Name}}'] };
  // A user's own engine has things of its own.
  const asked = Object.entries(kinds).filter(([kind]) => docker.engine.private || kind === 'networks');
  const found = await Promise.all(asked.map(async ([kind, args]) => (await docker.run(args)).stdout.split('\n').filter((name) => name !== '').map((name) => `${kind}: ${name}`)));
  return found.flat();
}

interface Ended {
  /** 128 and the signal's number when a signal ended it. */
  readonly code: number;
  readonly ranMs: number;
  /** From the signal to its end. */
  readonly tookMs: number;
  /** What it had begun last when it was hit; absent when it was not. */
  readonly met?: string;
}

interface End {
  readonly signal: NodeJS.Signals;
  readonly afterMs: number;
  readonly from?: string;
}

/** A command line of edgeproof's, to its end or to that of this one, which is waited for. A SIGINT goes to all its group, as a terminal's does. */
async function edgeproof(args: readonly string[], io: Io, end?: End): Promise<Ended> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, [program, ...args], { cwd: io.cwd, stdio: ['ignore', 'ignore', 'pipe'], detached: true });
  const over = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  let last = 'its start';
  let signalledAt: number | undefined;
  let timer: NodeJS.Timeout | undefined;
  const strike = ({ signal }: End): void => {
    signalledAt = performance.now();
    process.kill(signal === 'SIGINT' ? -child.pid! : child.pid!, signal);
  };
  const arm = (): void => { if (end !== undefined) timer ??= setTimeout(() => strike(end), end.afterMs); };
  if (end?.from === undefined) arm();
  createInterface({ input: child.stderr! }).on('line', (line) => {
    if (end?.from !== undefined && line.startsWith(end.from)) arm();
    if (signalledAt === undefined && /^[…✓[F]/.test(line)) last = line.slice(0, 90);
  });
  const stop = (): void => void child.kill('SIGINT');
  io.signal.addEventListener('abort', stop, { once: true });
  try {
    const [code, by] = await over;
    return { code: code ?? 128 + constants.signals[by!], ranMs: performance.now() - startedAt, tookMs: performance.now() - (signalledAt ?? performance.now()), ...(signalledAt !== undefined && { met: last }) };
  } finally {
    clearTimeout(timer);
    io.signal.removeEventListener('abort', stop);
  }
}
