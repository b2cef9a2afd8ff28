import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CannotTellError } from './errors.ts';
import { waitFor, WaitTimeoutError } from './wait.ts';

test('it looks until the condition holds, and gives what was seen', async () => {
  let looks = 0;
  const value = await waitFor('three looks', async () => (++looks < 3 ? { missing: `look ${looks}` } : { done: looks }), { timeoutMs: 5_000, everyMs: 1 });
  assert.equal(value, 3);
});

test('a time-out says what was still missing at the last look', async () => {
  await assert.rejects(waitFor('the impossible', async () => ({ missing: 'two of three nodes' }), { timeoutMs: 40, everyMs: 5 }), (error) => {
    assert.ok(error instanceof WaitTimeoutError);
    assert.equal(error.message, 'the impossible: not within 0.04 s; at the last look: two of three nodes');
    return true;
  });
});

test('a look that throws is "not yet", and its error the cause of the time-out', async () => {
  let looks = 0;
  assert.equal(await waitFor('a second try', async () => {
    if (++looks === 1) throw new Error('refused');
    return { done: looks };
  }, { timeoutMs: 5_000, everyMs: 1 }), 2);
  const refused = new Error('refused');
  await assert.rejects(waitFor('nobody', async () => { throw refused; }, { timeoutMs: 30, everyMs: 5 }), (error) => error instanceof WaitTimeoutError && error.cause === refused && error.missing === 'refused');
});

test('a look that throws what no waiting makes good ends the wait with it', async () => {
  const gone = new CannotTellError('GONE', 'gone for good', { final: true });
  let looks = 0;
  await assert.rejects(waitFor('somebody who is gone', async () => {
    looks += 1;
    throw gone;
  }, { timeoutMs: 5_000, everyMs: 1 }), (error) => error === gone);
  assert.equal(looks, 1);
});

test('a look that hangs gets a signal at the deadline', async () => {
  const hang = async (signal: AbortSignal): Promise<never> => await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
  await assert.rejects(waitFor('a hanging look', hang, { timeoutMs: 30 }), WaitTimeoutError);
});

test('an abort ends the wait at once, with its reason', async () => {
  const abort = new AbortController();
  const startedAt = performance.now();
  const waiting = waitFor('nothing', async () => ({ missing: 'all' }), { timeoutMs: 60_000, everyMs: 30_000, signal: abort.signal });
  setTimeout(() => abort.abort(new Error('interrupted')), 20);
  await assert.rejects(waiting, /interrupted/);
  assert.ok(performance.now() - startedAt < 5_000);
});
