import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ok, you } from './check.ts';
import { mend } from './examine.ts';

const { signal } = new AbortController();

test('what can be mended is, and one that cannot hides none of the others', async () => {
  const mended: string[] = [];
  const rows = [
    { id: 'fine', ...ok('there') },
    { id: 'refused', ...you('low', 'raise it', async () => await Promise.reject(new Error('not allowed'))) },
    { id: 'hopeless', ...you('too small', 'buy more') },
    { id: 'low', ...you('low', 'raise it', async () => void mended.push('low')) },
  ];
  assert.deepEqual(await mend(rows, signal), [{ id: 'refused', problem: 'not allowed' }, { id: 'low' }]);
  assert.deepEqual(mended, ['low']);
});

test('an interruption is none of its problems', async () => {
  const stop = new AbortController();
  const rows = [{ id: 'slow', ...you('low', 'raise it', async () => { stop.abort(new Error('stopped')); throw new Error('cut off'); }) }];
  await assert.rejects(mend(rows, stop.signal), /stopped/);
});
