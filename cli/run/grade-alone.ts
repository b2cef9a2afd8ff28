import { UsageError } from '../../core/errors.ts';
import { tryLock } from '../../core/lock.ts';

/**
 * Keeps a cluster from all other graded runs of this machine: each scenario heals what it finds broken, and would take what another run does for its own.
 *
 * @throws UsageError when another edgeproof grades it
 */
export async function gradeAlone(cluster: string): Promise<AsyncDisposable> {
  const held = await tryLock(`graded-${cluster}`);
  if (held === undefined) throw new UsageError(`another edgeproof grades cluster ${cluster} just now`, { next: 'wait until it has ended, or name another cluster' });
  return held;
}
