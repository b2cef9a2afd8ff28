import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fixtureRun } from './fixture/fixture-run.ts';
import type { Report } from './model.ts';
import { worst, type Outcome } from './outcome.ts';
import { countOutcomes, exitCodeOfReport, headline, verdictOf } from './verdict.ts';

const of = (...outcomes: Outcome[]): Report =>
  ({ run: fixtureRun, dir: '', capabilities: [], counts: countOutcomes(outcomes), runHooks: [], problems: [], logs: [] });

const cases: [outcomes: Outcome[], verdict: string, exit: number, sentence: RegExp][] = [
  [['passed', 'passed'], 'pass', 0, /^reference keeps all 2 promises that it claims\.$/],
  [['passed', 'skipped'], 'partial', 0, /^reference keeps the 1 promise that was checked\.$/],
  [['passed', 'passed', 'notSelected'], 'partial', 0, /^reference keeps all 2 promises that were checked\.$/],
  [['failed'], 'fail', 1, /^reference broke 1 of 1 promise\.$/],
  [['failed', 'passed'], 'partial', 1, /^reference broke 1 of 2 promises\.$/],
  [['failed', 'error'], 'fail', 1, /^reference broke 1 of 2 promises\. 1 could not be told\.$/],
  [['passed', 'error'], 'could not tell', 2, /^Could not tell: 1 of 2 promises was not checked to the end\.$/],
  [['passed', 'notRun', 'notRun'], 'could not tell', 2, /^Could not tell: 2 of 3 promises were not checked to the end\.$/],
  [['notSelected'], 'not selected', 2, /no promise was checked/],
  [['skipped'], 'could not tell', 2, /no promise was checked/],
  [[], 'could not tell', 2, /no promise was checked/],
];
for (const [outcomes, verdict, exit, sentence] of cases) {
  test(`${outcomes.join(', ') || 'nothing'}: ${verdict}, exit ${exit}`, () => {
    assert.equal(verdictOf(true, countOutcomes(outcomes)), verdict);
    assert.equal(exitCodeOfReport(of(...outcomes)), exit);
    assert.match(headline(of(...outcomes)), sentence);
  });
}

test('what is not claimed fails nothing', () => {
  assert.equal(verdictOf(false, countOutcomes(['notClaimed'])), 'not claimed');
  assert.equal(exitCodeOfReport(of('passed', 'notClaimed')), 0);
});

test('a problem of the run itself is never a pass', () => {
  const report = { ...of('passed'), problems: ['Cucumber did not get to the end of its run.'] };
  assert.equal(exitCodeOfReport(report), 2);
  assert.match(headline(report), /^Could not tell/);
});

test('the exit code and the headline agree', () => {
  const outcome = fc.constantFrom<Outcome>('passed', 'failed', 'error', 'notRun', 'skipped', 'notSelected', 'notClaimed');
  fc.assert(fc.property(fc.array(outcome), fc.boolean(), (outcomes, problem) => {
    const report = { ...of(...outcomes), problems: problem ? ['x'] : [] };
    const expected = { 0: /^reference keeps/, 1: /^reference broke/, 2: /^Could not tell/ }[exitCodeOfReport(report)];
    assert.match(headline(report), expected ?? /no such exit code/);
  }));
});

test('an outline is what its worst example is', () => {
  assert.equal(worst(['passed', 'error', 'failed']), 'failed');
  assert.equal(worst(['passed', 'skipped']), 'skipped');
  assert.equal(worst([]), 'notRun');
});
