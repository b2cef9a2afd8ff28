import { printable } from '../core/printable.ts';
import { markOf, standsOut, type Mark } from './marks.ts';
import { promisesOf, type CapabilityReport, type Report } from './model.ts';
import { headline } from './verdict.ts';

/** The report for a terminal: the verdict, the matrix of capabilities, and what did not go as it should, with the reasons. */
export function summary(report: Report): string[] {
  const marked = promisesOf(report).map((promise) => ({ promise, mark: markOf(report, promise) }));
  const listed = marked.filter(({ promise, mark }) => (mark.kind === 'bad' || mark.kind === 'unsure') && promise.outcome !== 'notRun');
  const notRun = marked.filter(({ promise }) => promise.outcome === 'notRun').map(({ promise }) => promise.promise);
  return [
    headline(report),
    '',
    ...matrix(report, report.control === undefined ? conformanceRow : (one) => controlRow(one, marked.filter(({ promise }) => promise.capability === one.capability).map(({ mark }) => mark))),
    ...report.problems.flatMap((problem) => ['', ...printable(problem).split('\n').map((line, index) => `${index === 0 ? '! ' : '  '}${line}`)]),
    ...listed.flatMap(({ promise, mark }) => ['', `${mark.word.padEnd(14)}  ${promise.promise}  (${promise.uri}:${promise.line})`, `  ${promise.name}`,
      ...(mark.sentence === undefined ? [] : [`  ${printable(mark.sentence)}`]),
      ...standsOut(promise.cases).map((sentence) => `  stands out: ${printable(sentence)}`)]),
    ...(notRun.length === 0 ? [] : ['', `${'not run'.padEnd(14)}  ${notRun.length === 1 ? '1 promise' : `${notRun.length} promises`}: ${notRun.join(', ')}`]),
  ];
}

type Row = Readonly<Record<string, string | number>>;

const conformanceRow = ({ capability, verdict, counts }: CapabilityReport): Row => ({
  capability, verdict, passed: counts.passed, failed: counts.failed, 'could not tell': counts.error + counts.notRun,
  'not asked': counts.skipped + counts.notSelected + counts.notClaimed,
});

function controlRow({ capability }: CapabilityReport, marks: readonly Mark[]): Row {
  const count = (kind: Mark['kind']): number => marks.filter((mark) => mark.kind === kind).length;
  return { capability, 'as named': count('good'), 'not as named': count('bad'), 'could not tell': count('unsure'), 'not asked': count('none') };
}

function matrix(report: Report, rowOf: (one: CapabilityReport) => Row): string[] {
  const rows = report.capabilities.map(rowOf);
  const columns = Object.keys(rows[0] ?? {}).filter((column) => column !== 'not asked' || rows.some((row) => row[column] !== 0));
  const widths = columns.map((column) => Math.max(column.length, ...rows.map((row) => `${row[column]}`.length)));
  const line = (cells: readonly (string | number)[]): string =>
    cells.map((cell, index) => (typeof cell === 'number' || index > 1 ? `${cell}`.padStart(widths[index] ?? 0) : cell.padEnd(widths[index] ?? 0))).join('  ').trimEnd();
  return [line(columns), ...rows.map((row) => line(columns.map((column) => row[column] ?? '')))];
}
