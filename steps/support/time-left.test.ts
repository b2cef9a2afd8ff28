import assert from 'node:assert/strict';
import { test } from 'node:test';
import { timeLeftMs } from './time-left.ts';

const earlier = { a: 10_000, b: 30_000, c: 60_000 };

test('what is left takes as long as before, at the pace of what is done', () => {
  const progress = [{ promise: 'a', done: true, runsMs: 0 }, { promise: 'b', done: false, runsMs: 10_000 }, { promise: 'c', done: false, runsMs: 0 }];
  assert.equal(timeLeftMs(earlier, progress, 20_000), 80_000);
  // The machine is half as fast today.
  assert.equal(timeLeftMs(earlier, progress, 40_000), 160_000);
});

test('one that nobody has seen before takes as long as others do, and one that is late is about to end', () => {
  assert.equal(timeLeftMs(earlier, [{ promise: 'a', done: true, runsMs: 0 }, { promise: 'new', done: false, runsMs: 0 }], 20_000), 60_000);
  assert.equal(timeLeftMs(earlier, [{ promise: 'b', done: false, runsMs: 45_000 }], 45_000), 0);
});

test('nothing is said at the beginning, or where there was no run', () => {
  assert.equal(timeLeftMs(earlier, [{ promise: 'a', done: true, runsMs: 0 }], 5000), undefined);
  assert.equal(timeLeftMs({}, [{ promise: 'a', done: true, runsMs: 0 }], 60_000), undefined);
});
