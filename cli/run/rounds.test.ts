import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Report } from '../../reports/model.ts';
import type { Outcome } from '../../reports/outcome.ts';
import { countOutcomes } from '../../reports/verdict.ts';
import { failedIn } from './failed-before.ts';
import { exitCodeOfRounds, roundsSummary } from './rounds.ts';

const reportOf = (id: string, outcomes: Readonly<Record<string, Outcome>>, mode = 'conformance'): Report => ({
  run: { id, mode },
  capabilities: [{ promises: Object.entries(outcomes).map(([promise, outcome]) => ({ promise, outcome, tags: promise.startsWith('soak') ? ['@soak'] : [] })) }],
  counts: countOutcomes(Object.values(outcomes)),
  problems: [],
}) as unknown as Report;

test('one broken promise in any round is a broken promise; one that could not be told is told of', () => {
  assert.equal(exitCodeOfRounds([0, 0]), 0);
  assert.equal(exitCodeOfRounds([0, 2, 0]), 2);
  assert.equal(exitCodeOfRounds([2, 1, 0]), 1);
});

test('what was not the same every time is named with its runs', () => {
  const reports = [reportOf('a', { one: 'passed', two: 'passed' }), reportOf('b', { one: 'failed', two: 'passed' }), reportOf('c', { one: 'passed', two: 'error' })];
  assert.deepEqual(roundsSummary(reports, 4), ['1 of 3 runs passed (4 were asked for).', '  one: passed in 2 of 3', '    failed in b', '  two: passed in 2 of 3', '    could not be told in c']);
});

test('what failed before is run again, and nothing else', () => {
  assert.equal(failedIn(reportOf('a', { one: 'failed', two: 'passed', three: 'error', four: 'notRun', five: 'notClaimed' })), '@one or @three or @four');
  assert.equal(failedIn(reportOf('a', { one: 'failed', 'soak-two': 'failed' })), '(@one or @soak-two) and (@soak or not @soak)');
  assert.throws(() => failedIn(reportOf('a', { one: 'passed' })), /saw all promises kept/);
  assert.throws(() => failedIn(reportOf('a', { one: 'failed' }, 'control')), /was a control/);
});
