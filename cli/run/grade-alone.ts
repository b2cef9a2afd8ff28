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
  const held = await tryLock(gradedLock(cluster), myself());
  if (held === undefined) throw busy(cluster, (await whoHolds(gradedLock(cluster))) ?? 'one that has just ended', next);
  return held;
}

/**
 * Before something is done by hand to clusters that others may grade or boot: what they find would be that hand's doing.
 *
 * @throws UsageError when another edgeproof has one of them for itself
 */
export async function demandLeftAlone(clusters: readonly string[]): Promise<void> {
  for (const cluster of clusters) {
    const who = (await whoHolds(gradedLock(cluster))) ?? (await whoHolds(bootLock(cluster)));
    if (who !== undefined) throw busy(cluster, who, orForce);
  }
}
