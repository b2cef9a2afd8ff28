import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeClock } from './host.ts';

test("an engine's clock is wrong only by what its answer cannot have taken", () => {
  const slow = { asked: 100_000, answered: 109_000 };
  assert.deepEqual([101_000, 108_900, 98_500, 110_500].map((time) => judgeClock(time, slow).status), ['ok', 'ok', 'ok', 'ok']);
  assert.match(judgeClock(97_000, slow).found, /3\.0 s behind this one/);
  assert.deepEqual([97_000, 112_000].map((time) => judgeClock(time, slow).status), ['you', 'you']);
  assert.match(judgeClock(NaN, slow).found, /does not tell its time/);
});
