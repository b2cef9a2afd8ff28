import { exitCodes } from '../../core/errors.ts';
import { promisesOf, type Report } from '../../reports/model.ts';
import type { Outcome } from '../../reports/outcome.ts';
import { exitCodeOfReport } from '../../reports/verdict.ts';

/** A promise that was once seen to break is broken; one that once could not be told is not told. */
export function exitCodeOfRounds(codes: readonly number[]): number {
  if (codes.includes(exitCodes.fail)) return exitCodes.fail;
  return codes.find((code) => code !== exitCodes.pass) ?? exitCodes.pass;
}

const words: Partial<Record<Outcome, string>> = { failed: 'failed', error: 'could not be told', notRun: 'did not run' };

/**
 * Several runs in one look: how many passed, and of each promise that did not pass every time, in which it did what.
 *
 * @param asked how many runs there were to be
 */
export function roundsSummary(reports: readonly Report[], asked: number): string[] {
  const passed = reports.filter((report) => exitCodeOfReport(report) === exitCodes.pass).length;
  const early = reports.length < asked ? ` (${asked} were asked for)` : '';
  const outcomes = Map.groupBy(reports.flatMap((report) => promisesOf(report).map(({ promise, outcome }) => ({ promise, outcome, run: report.run.id }))), ({ promise }) => promise);
  const unsteady = [...outcomes].flatMap(([promise, each]) => {
    const bad = each.filter(({ outcome }) => words[outcome] !== undefined);
    if (bad.length === 0) return [];
    return [`  ${promise}: passed in ${each.filter(({ outcome }) => outcome === 'passed').length} of ${each.length}`, ...bad.map(({ run, outcome }) => `    ${words[outcome]} in ${run}`)];
  });
  return [`${passed} of ${reports.length} runs passed${early}.`, ...unsteady];
}
