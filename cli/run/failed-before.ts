import { UsageError } from '../../core/errors.ts';
import { buildReport } from '../../reports/build.ts';
import { promisesOf, type Report } from '../../reports/model.ts';
import { findRun } from '../../reports/runs-list.ts';

/**
 * A tag expression for what the latest run did not see kept: broken, not told, or not begun.
 *
 * @throws UsageError when there is no run, when it was a control, or when all was kept
 */
export async function tagsOfFailed(): Promise<string> {
  return failedIn(await buildReport(await findRun()));
}

/** @internal */
export function failedIn(report: Pick<Report, 'run' | 'capabilities'>): string {
  const { id, mode } = report.run;
  if (mode === 'control') throw new UsageError(`the latest run, ${id}, was a control, where most promises are to be broken`, { next: 'name what is to be run: --tags' });
  const failed = promisesOf(report).filter(({ outcome }) => outcome === 'failed' || outcome === 'error' || outcome === 'notRun').map(({ promise }) => `@${promise}`);
  if (failed.length === 0) throw new UsageError(`the latest run, ${id}, saw all promises kept that it checked`, { next: 'leave --rerun-failed out' });
  return failed.join(' or ');
}
