import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PromiseBroken } from '../../core/errors.ts';
import { WaitTimeoutError } from '../../core/wait.ts';
import type { BudgetAttachment } from '../../reports/attachments.ts';
import { throughout, within } from './budget.ts';

const budget = (records: BudgetAttachment[], budgetMs: number) => ({ what: 'a thing', budgetMs, code: 'THING_GONE', everyMs: 5, signal: new AbortController().signal, attach: (record: BudgetAttachment) => records.push(record) });

test('what comes in time is returned and measured', async () => {
  const records: BudgetAttachment[] = [];
  let looks = 0;
  assert.equal(await within(budget(records, 2000), async () => (++looks < 3 ? { missing: 'not yet' } : { done: 'it' })), 'it');
  assert.equal(records.length, 1);
  assert.equal(records[0]?.budgetMs, 2000);
  assert.ok(records[0]!.tookMs < 2000);
});

test('what does not come is a broken promise, with what was missing', async () => {
  const records: BudgetAttachment[] = [];
  await assert.rejects(within(budget(records, 40), async () => ({ missing: 'the thing is away' })), (error) => {
    assert.ok(error instanceof PromiseBroken);
    assert.equal(error.code, 'THING_GONE');
    assert.match(error.message, /^\[THING_GONE\] a thing: not within 0\.04 s; at the last look: the thing is away/);
    return true;
  });
  assert.ok(records[0]!.tookMs >= 39);
});

test('looks that could not see leave it open', async () => {
  await assert.rejects(within(budget([], 40), async () => { throw new Error('blind'); }), (error) => error instanceof WaitTimeoutError);
});

test('a look cut short by the deadline does not hide what the one before it saw', async () => {
  let looks = 0;
  const look = async (signal: AbortSignal): Promise<{ missing: string }> => {
    if (++looks === 1) return { missing: 'away' };
    return await new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));
  };
  await assert.rejects(within(budget([], 60), look), (error) => error instanceof PromiseBroken && error.message.includes('away'));
});

test('a look that has seen a promise broken ends the wait', async () => {
  const records: BudgetAttachment[] = [];
  let looks = 0;
  await assert.rejects(within(budget(records, 10_000), async () => (++looks === 2 ? Promise.reject(new PromiseBroken('IT_BURNT', 'gone for good')) : { missing: 'away' })), { code: 'IT_BURNT' });
  assert.equal(records.length, 1);
});

test('what must not happen fails at once when it does', async () => {
  const signal = new AbortController().signal;
  await throughout({ forMs: 20, code: 'MOVED', signal, everyMs: 5 }, async () => undefined);
  let looks = 0;
  await assert.rejects(throughout({ forMs: 10_000, code: 'MOVED', signal, everyMs: 1 }, async () => (++looks === 3 ? 'it moved' : undefined)), /^PromiseBroken: \[MOVED\] it moved/);
});
