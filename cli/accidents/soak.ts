import { exitCodes, UsageError } from '../../core/errors.ts';
import { silentProgress } from '../../core/progress.ts';
import { ownedLabel } from '../../harness/cluster/labels.ts';
import { listClusters } from '../../harness/cluster/store.ts';
import type { Io } from '../io.ts';
import { useEngine } from '../run/prepare.ts';
import { added, lookForLeftovers } from './leftovers.ts';
import { randomBy } from './random.ts';
import { edgeproof } from './struck.ts';
import { accidents, mayEndWith, wholeRun } from './victims.ts';

export interface AccidentsOptions {
  readonly times: number;
  readonly first: number;
  readonly seed: number;
}

/** An interrupted edgeproof cleans up within that. */
const endsWithinMs = 180_000;

/**
 * Ends edgeproof, its engine or its cluster at random moments of boot, run and teardown; after each, `down --all` must leave nothing of it on the machine and in its engine,
 * and in the end a whole run must work.
 *
 * @param options.first number of the accident that is the first, from 1
 * @returns 0, or 1 when something was left, did not end in time or with what it may end with, or the run afterwards does not work
 * @throws UsageError when there are clusters: `down --all` would remove them; the signal's reason
 */
export async function runAccidents({ times, first, seed }: AccidentsOptions, io: Io): Promise<number> {
  const clusters = await listClusters();
  if (clusters.length > 0) throw new UsageError(`there are clusters, which this would remove: ${clusters.join(', ')}`, { next: 'remove them first: edgeproof down --all' });
  const random = randomBy(seed);
  await edgeproof(['down', '--all'], io);
  const before = await lookForLeftovers();
  let bad = 0;
  let missed = 0;
  for (let time = 1; time <= times && !io.signal.aborted; time++) {
    const startedAt = performance.now();
    const { victim, strike } = accidents[(first + time - 2) % accidents.length]!;
    const afterMs = Math.floor(random() * victim.ms);
    const { code, tookMs, met, lastLines } = await edgeproof(victim.args, io, { strike, afterMs, ...(victim.from !== undefined && { from: victim.from }) });
    const cleaned = await edgeproof(['down', '--all'], io);
    const problems = [
      ...((met === undefined ? [exitCodes.pass] : mayEndWith[strike]).includes(code) ? [] : [`it ended with ${code}: ${told(lastLines)}`]),
      ...(cleaned.code === 0 ? [] : [`down --all ended with ${cleaned.code}: ${told(cleaned.lastLines)}`]),
      ...(tookMs > endsWithinMs ? [`it took ${seconds(tookMs)} to end`] : []),
      ...added(before, await lookForLeftovers()),
      ...await leftInEngine(io),
    ];
    bad += problems.length > 0 ? 1 : 0;
    missed += met === undefined ? 1 : 0;
    const what = met === undefined ? `it had ended by itself: exit ${code}` : `at "${met}": exit ${code}, ended ${seconds(tookMs)} later; down --all ${seconds(cleaned.ranMs)}`;
    io.stdout.write(`[${time}/${times}] ${problems.length === 0 ? '✓' : '✗'} ${strike} ${seconds(afterMs)} into ${victim.name}, ${what}; in all ${seconds(performance.now() - startedAt)}${problems.map((problem) => `\n        ${problem}`).join('')}\n`);
  }
  io.signal.throwIfAborted();
  const next = await edgeproof(wholeRun, io);
  io.stdout.write(`A whole run afterwards: exit ${next.code}, ${seconds(next.ranMs)}.\n${bad === 0 ? 'Nothing was left' : `${bad} left something`} of ${times - missed} that were hit and ${missed} that had ended before. Seed ${seed}.\n`);
  return bad === 0 && next.code === exitCodes.pass ? exitCodes.pass : exitCodes.fail;
}

const told = (lines: readonly string[]): string => lines.join(' | ');

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
