import assert from 'node:assert/strict';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'node:test';
import { together } from './together.ts';

test('parts run side by side, and give their results in order', async () => {
  const met = new AbortController();
  const [a, b] = await together([
    async () => {
      await once(met.signal, 'abort');
      return 'waited';
    },
    async () => {
      met.abort();
      return 2;
    },
  ]);
  assert.deepEqual([a, b], ['waited', 2]);
});

test('the first failure aborts the others, and is told when they have ended', async () => {
  let ended = false;
  const parts = [
    async (signal: AbortSignal) => {
      await sleep(60_000, undefined, { signal }).catch(() => {});
      await sleep(5);
      ended = true;
      throw new Error('a consequence');
    },
    async () => await Promise.reject(new Error('the cause')),
  ] as const;
  await assert.rejects(together(parts), /the cause/);
  assert.equal(ended, true);
});

test('an abort from outside reaches all', async () => {
  const outside = new AbortController();
  const waiting = together([async (signal) => await sleep(60_000, undefined, { signal }), async (signal) => await sleep(60_000, undefined, { signal })], outside.signal);
  outside.abort(new Error('enough'));
  await assert.rejects(waiting, { name: 'AbortError' });
});
