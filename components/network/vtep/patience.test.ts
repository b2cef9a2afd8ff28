import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Patience } from './patience.ts';

test('so often within so long, and again when the first is long enough ago', () => {
  const patience = new Patience(2, 1000);
  assert.deepEqual([0, 100, 200, 999].map((now) => patience.take(now)), [0, 0, 800, 1]);
  assert.deepEqual([1000, 1050, 1100].map((now) => patience.take(now)), [0, 50, 0]);
});
