import { UsageError } from '../../core/errors.ts';
import { tryLock, whoHolds } from '../../core/lock.ts';
import { bootLock } from '../../harness/cluster/labels.ts';
import { quoted } from './command-line.ts';

const gradedLock = (cluster: string): string => `graded-${cluster}`;
/** This command line, for others who wait for it. */
export const myself = (): string => `"${['edgeproof', ...process.argv.slice(2).map(quoted)].join(' ')}" (process ${process.pid})`;

/** What whoever has a flag `--force` may do. */
export const orForce = 'wait until it has ended, or interrupt it there; with --force it is done all the same, and that run is spoilt';

const busy = (cluster: string, who: string, next: string): UsageError => new UsageError(`another edgeproof works on cluster ${cluster} just now: ${who}`, { next });

/**
 * Keeps a cluster from all other graded runs of this machine: each scenario heals what it finds broken, and would take what another run does for its own.
 *
 * @throws UsageError when another edgeproof has it for itself
 */
export async function gradeAlone(cluster: string, next = 'wait until it has ended, or name another cluster'): Promise<AsyncDisposable> {
  return await take(gradedLock(cluster), cluster, next);
}

/**
 * Takes clusters for as long as something is done to them by hand: what others find who grade or boot them would be that hand's doing. Held to its end, as
 * whoever looked alone would not see who begins a moment later.
 *
 * @throws UsageError when another edgeproof has one of them for itself: then none is held
 */
export async function handsAlone(clusters: readonly string[]): Promise<AsyncDisposable> {
  await using held = new AsyncDisposableStack();
  for (const cluster of clusters) {
    const locks = [gradedLock(cluster), bootLock(cluster)];
    // First a look at both: who takes one and is refused the other is in the way of nobody for a moment.
    for (const lock of locks) {
      const who = await whoHolds(lock);
      if (who !== undefined) throw busy(cluster, who, orForce);
    }
    for (const lock of locks) held.use(await take(lock, cluster, orForce));
  }
  return held.move();
}

/** @throws UsageError when another edgeproof holds it */
async function take(lock: string, cluster: string, next: string): Promise<AsyncDisposable> {
  const held = await tryLock(lock, myself());
  if (held === undefined) throw busy(cluster, (await whoHolds(lock)) ?? 'one that has just ended', next);
  return held;
}
