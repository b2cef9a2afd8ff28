import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'node:test';
import { allDone } from './all-done.ts';

test('gives all results in their order', async () => {
  const [a, b] = await allDone([sleep(5, 'slow'), Promise.resolve(2)] as const);
  assert.deepEqual([a, b], ['slow', 2]);
});

test('a failure is told only when the others have ended', async () => {
  let ended = false;
  const slow = sleep(30).then(() => { ended = true; });
  await assert.rejects(allDone([Promise.reject(new Error('no')), slow]), /no/);
  assert.equal(ended, true);
});
