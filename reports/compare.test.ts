import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareReports, comparisonLines } from './compare.ts';
import type { Report } from './model.ts';
import type { Outcome } from './outcome.ts';

type Seen = readonly [Outcome, ...(readonly number[])];

const reportOf = (id: string, seen: Readonly<Record<string, Seen>>): Report => ({
  run: { id },
  capabilities: [{
    promises: Object.entries(seen).map(([promise, [outcome, ...took]]) => ({ promise, name: `sentence of ${promise}`, outcome, ...(outcome === 'failed' && { reason: `why ${promise}` }), cases: [{ budgets: took.map((tookMs, index) => ({ what: `wait ${index} of ${id}`, budgetMs: 30_000, tookMs })) }] })),
  }],
}) as unknown as Report;

const before = reportOf('a', { kept: ['passed', 1000, 4000], breaks: ['passed'], mends: ['failed'], untold: ['passed'], gone: ['passed'], quick: ['passed', 9000] });
const after = reportOf('b', { kept: ['passed', 1400, 9000], breaks: ['failed'], mends: ['passed'], untold: ['error'], fresh: ['passed'], quick: ['passed', 3000] });

test('what broke, what was mended, what only one of them saw, what got slower and faster', () => {
  const { broke, mended, unlike, slower, faster } = compareReports(before, after);
  assert.deepEqual(broke, [{ promise: 'breaks', sentence: 'sentence of breaks', before: 'passed', after: 'failed', reason: 'why breaks' }]);
  assert.deepEqual(mended.map(({ promise }) => promise), ['mends']);
  assert.deepEqual(unlike.map(({ promise }) => promise), ['untold', 'gone', 'fresh']);
  // 0.4 s more is the machine's.
  assert.deepEqual(slower, [{ promise: 'kept', what: 'wait 1 of b', budgetMs: 30_000, beforeMs: 4000, afterMs: 9000 }]);
  assert.deepEqual(faster.map(({ promise }) => promise), ['quick']);
});

test('a scenario that waits for something else now is not compared', () => {
  assert.deepEqual(compareReports(reportOf('a', { kept: ['passed', 1000] }), reportOf('b', { kept: ['passed', 9000, 9000] })).slower, []);
});

test('it is told in lines, and nothing is told as that', () => {
  assert.deepEqual(comparisonLines(before, before, compareReports(before, before)).slice(-1), ['Nothing that both saw came out otherwise, or took noticeably longer or less long.']);
  assert.match(comparisonLines(before, after, compareReports(before, after)).join('\n'), /Broke:\n {2}breaks: passed → failed\n {4}sentence of breaks\n {4}why breaks\n[^]*Slower:\n {2}kept: wait 1 of b: 4\.0 s → 9\.0 s \(of 30\.0 s\)/);
});
