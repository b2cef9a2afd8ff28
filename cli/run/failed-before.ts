import { UsageError } from '../../core/errors.ts';
import { soakTag } from '../../features/soak.ts';
import { readReport } from '../../reports/build.ts';
import { promisesOf, type Report } from '../../reports/model.ts';
import { findRun } from '../../reports/runs-list.ts';

/**
 * A tag expression for what the latest run did not see kept: broken, not told, or not begun.
 *
 * @throws UsageError when there is no run, when it was a control, or when all was kept
 */
export async function tagsOfFailed(): Promise<{ readonly run: string; readonly tags: string }> {
  const report = await readReport(await findRun());
  return { run: report.run.id, tags: failedIn(report) };
}

/** @internal */
export function failedIn(report: Pick<Report, 'run' | 'capabilities'>): string {
  const { id, mode } = report.run;
  if (mode === 'control') throw new UsageError(`the latest run, ${id}, was a control, where most promises are to be broken`, { next: 'name what is to be run: --tags' });
  const failed = promisesOf(report).filter(({ outcome }) => outcome === 'failed' || outcome === 'error' || outcome === 'notRun');
  if (failed.length === 0) throw new UsageError(`the latest run, ${id}, saw all promises kept that it checked`, { next: 'leave --rerun-failed out' });
  const named = failed.map(({ promise }) => `@${promise}`).join(' or ');
  // Tags that say nothing of soaks leave them out.
  return failed.some(({ tags }) => tags.includes(soakTag)) ? `(${named}) and (${soakTag} or not ${soakTag})` : named;
}
