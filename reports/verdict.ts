import { exitCodes } from '../core/errors.ts';
import type { Report } from './model.ts';
import type { Outcome } from './outcome.ts';

/** Of promises, by outcome. An outline counts as one. */
export type Counts = Readonly<Record<Outcome, number>>;

/**
 * What can be said of a capability. `partial`: of the promises that were checked some passed, but not all passed or not
 * all were checked. `not selected`: the run's tags left it out.
 */
export type Verdict = 'pass' | 'fail' | 'partial' | 'could not tell' | 'not claimed' | 'not selected';

export function countOutcomes(outcomes: readonly Outcome[]): Counts {
  const counts = { passed: 0, failed: 0, error: 0, notRun: 0, skipped: 0, notSelected: 0, notClaimed: 0 };
  for (const outcome of outcomes) counts[outcome] += 1;
  return counts;
}

export function verdictOf(claimed: boolean, counts: Counts): Verdict {
  if (!claimed) return 'not claimed';
  if (counts.failed > 0) return counts.passed > 0 ? 'partial' : 'fail';
  if (counts.error + counts.notRun > 0) return 'could not tell';
  if (counts.passed > 0) return counts.skipped + counts.notSelected > 0 ? 'partial' : 'pass';
  return counts.notSelected > 0 ? 'not selected' : 'could not tell';
}

/** Promises of which the run was to say something and could not. */
const untold = (counts: Counts): number => counts.error + counts.notRun;

/** What the whole run says, as the exit code of the command does. */
export function exitCodeOfReport(report: Report): number {
  const { counts, control, problems } = report;
  const broken = control === undefined ? counts.failed : control.wrong;
  if (broken > 0) return exitCodes.fail;
  const open = control === undefined ? untold(counts) : control.cannotTell;
  const told = control === undefined ? counts.passed : control.asNamed;
  return open > 0 || problems.length > 0 || told === 0 ? exitCodes.cannotTell : exitCodes.pass;
}

const promises = (n: number): string => (n === 1 ? '1 promise' : `${n} promises`);

/** The verdict in one sentence. */
export function headline(report: Report): string {
  const { run, counts, control, problems } = report;
  const name = run.implementation.name;
  if (run.end === 'boot-failed') return `Could not tell: the cluster could not be set up, so nothing was asked of ${name}.`;
  const ended = run.end === 'interrupted' ? ' The run was interrupted.' : run.end === 'crashed' ? ' The run crashed.' : '';
  if (control !== undefined) {
    const all = control.asNamed + control.wrong + control.cannotTell;
    if (control.wrong > 0) return `The control failed: ${control.wrong} of ${promises(all)} did not do on plain Kubernetes what their tags say.${ended}`;
    if (control.cannotTell > 0 || all === 0) return `Could not tell: ${control.cannotTell} of ${promises(all)} were not checked on plain Kubernetes to the end.${ended}`;
    return `Plain Kubernetes did what the tags say for all ${promises(all)}.${ended}`;
  }
  const asked = counts.passed + counts.failed + untold(counts);
  const rest = untold(counts) === 0 ? '' : ` ${untold(counts)} could not be told.`;
  if (counts.failed > 0) return `${name} broke ${counts.failed} of ${promises(asked)}.${rest}${ended}`;
  if (untold(counts) > 0) return `Could not tell: ${untold(counts)} of ${promises(asked)} ${untold(counts) === 1 ? 'was' : 'were'} not checked to the end.${ended}`;
  if (counts.passed === 0) return `Could not tell: no promise was checked.${ended}`;
  if (problems.length > 0) return `Could not tell: the run had a problem, although ${promises(counts.passed)} passed.${ended}`;
  const scope = counts.notSelected > 0 || counts.skipped > 0 ? `${counts.passed === 1 ? 'the' : 'all'} ${promises(counts.passed)} that ${counts.passed === 1 ? 'was' : 'were'} checked` : `all ${promises(counts.passed)} that it claims`;
  return `${name} keeps ${scope}.${ended}`;
}
