import type { CaseReport } from './cases.ts';
import { codeOf, markOf, standsOut } from './marks.ts';
import type { CapabilityReport, PromiseReport, Report } from './model.ts';

/**
 * A report in JUnit's XML, as CI systems read it: one suite for each capability and one for the run itself, one case
 * for each run of a scenario. Broken promises are failures, what could not be told is an error, what was not asked is
 * skipped. In mode `control` a scenario that did what its tags say passes.
 */
export function junitXml(report: Report): string {
  const suites = [runSuite(report), ...report.capabilities.map((capability) => suite(report, capability))];
  const totals = suites.reduce((sum, { counts }) => ({
    tests: sum.tests + counts.tests, failures: sum.failures + counts.failures, errors: sum.errors + counts.errors, skipped: sum.skipped + counts.skipped,
    ms: sum.ms + counts.ms,
  }), { tests: 0, failures: 0, errors: 0, skipped: 0, ms: 0 });
  const { run } = report;
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites${attributes({ name: `edgeproof ${run.mode} of ${run.implementation.name}`, ...shownCounts(totals), timestamp: run.startedAt })}>
${suites.map(({ xml }) => xml).join('\n')}
</testsuites>
`;
}

interface SuiteCounts { tests: number; failures: number; errors: number; skipped: number; ms: number }
interface Result { kind: 'pass' | 'failure' | 'error' | 'skipped'; message?: string; type?: string; detail?: string }

function runSuite(report: Report): { xml: string; counts: SuiteCounts } {
  const wrong = report.problems.length > 0;
  const result: Result = wrong ? { kind: 'error', type: report.run.end, message: report.problems[0] ?? '', detail: report.problems.join('\n') } : { kind: 'pass' };
  const counts = { tests: 1, failures: 0, errors: wrong ? 1 : 0, skipped: 0, ms: 0 };
  return { counts, xml: suiteXml('run', report, counts, [testCase('edgeproof.run', 'The run came to its end', 0, result)]) };
}

function suite(report: Report, { capability, promises }: CapabilityReport): { xml: string; counts: SuiteCounts } {
  const counts: SuiteCounts = { tests: 0, failures: 0, errors: 0, skipped: 0, ms: 0 };
  const cases = promises.flatMap((promise) => (promise.cases.length === 0 || promise.outcome === 'notClaimed' ? [undefined] : promise.cases).map((one) => {
    const result = resultOf(report, promise, one);
    counts.tests += 1;
    counts.ms += one?.ms ?? 0;
    if (result.kind === 'failure') counts.failures += 1;
    if (result.kind === 'error') counts.errors += 1;
    if (result.kind === 'skipped') counts.skipped += 1;
    return testCase(`${capability}.${promise.feature}`, `${one?.name ?? promise.name} [${one?.slug ?? promise.promise}]`, one?.ms ?? 0, result);
  }));
  return { counts, xml: suiteXml(capability, report, counts, cases) };
}

function resultOf(report: Report, promise: PromiseReport, one: CaseReport | undefined): Result {
  const mark = markOf(report, promise);
  const detail = [...standsOut(one === undefined ? [] : [one]).map((sentence) => `stands out: ${sentence}`), one?.error?.stack ?? one?.reason ?? ''].join('\n');
  if (report.control !== undefined && promise.outcome !== 'notSelected') {
    if (mark.kind === 'good') return { kind: 'pass' };
    return { kind: mark.kind === 'bad' ? 'failure' : 'error', type: 'CONTROL', message: mark.sentence ?? mark.word, detail };
  }
  switch (one?.outcome ?? promise.outcome) {
    case 'passed': return { kind: 'pass' };
    case 'failed': return { kind: 'failure', type: one?.error?.code ?? codeOf(promise) ?? '', message: one?.reason ?? promise.reason ?? '', detail };
    case 'error':
    case 'notRun': return { kind: 'error', type: one?.error?.type ?? mark.word, message: one?.reason ?? promise.reason ?? mark.word, detail };
    case 'notClaimed': return { kind: 'skipped', message: `${report.run.implementation.name} does not claim ${promise.capability}` };
    case 'notSelected': return { kind: 'skipped', message: `left out by --tags ${report.run.tags ?? ''}` };
    case 'skipped': return { kind: 'skipped', message: 'the scenario said that it cannot run here' };
  }
}

const seconds = (ms: number): string => (ms / 1000).toFixed(3);
const shownCounts = ({ tests, failures, errors, skipped, ms }: SuiteCounts): Record<string, string> =>
  ({ tests: `${tests}`, failures: `${failures}`, errors: `${errors}`, skipped: `${skipped}`, time: seconds(ms) });

function suiteXml(name: string, report: Report, counts: SuiteCounts, cases: readonly string[]): string {
  return `  <testsuite${attributes({ name, ...shownCounts(counts), timestamp: report.run.startedAt })}>\n${cases.join('\n')}\n  </testsuite>`;
}

function testCase(classname: string, name: string, ms: number, { kind, message, type, detail }: Result): string {
  const open = `    <testcase${attributes({ classname, name, time: seconds(ms) })}`;
  if (kind === 'pass') return `${open}/>`;
  const about = { ...(message === undefined ? {} : { message }), ...(type === undefined ? {} : { type }) };
  const body = kind === 'skipped' ? '/>' : `>${escapeXml(detail ?? '')}</${kind}>`;
  return `${open}>\n      <${kind}${attributes(about)}${body}\n    </testcase>`;
}

const attributes = (pairs: Readonly<Record<string, string>>): string => Object.entries(pairs).map(([key, value]) => ` ${key}="${escapeXml(value)}"`).join('');

/** What XML 1.0 can hold: https://www.w3.org/TR/xml/#charsets. The rest is shown by its number. */
const notXml = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

export function escapeXml(text: string): string {
  return text.replaceAll(notXml, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`).replaceAll(/[&<>"]/g, (character) => entities[character] ?? '');
}
