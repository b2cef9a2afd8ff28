import assert from 'node:assert/strict';
import { test } from 'node:test';
import { untilRow } from './row.ts';

/** Attempts that take a second each, `x` failing, on a clock of their own. */
async function row(attempts: string, { times = 3, withinMs = 5000, tookMs = 1000 } = {}): Promise<number> {
  let at = 100_000;
  const left = [...attempts];
  return (await untilRow({ times, withinMs, since: 100_000, after: 'its start', what: 'exec', code: 'LOST', now: () => at }, async () => {
    at += tookMs;
    assert.ok(left.length > 0, 'it has seen enough');
    return left.shift() === 'x' ? 'refused' : undefined;
  })) - 100_000;
}

test('a row counts from its beginning, and a failure begins another one', async () => {
  assert.equal(await row('ooo'), 0);
  assert.equal(await row('xoxooo'), 3000);
  assert.equal(await row('xxxxxooo'), 5000);
});

test('no row that begins late counts, and nothing that begins late may fail', async () => {
  await assert.rejects(row('xxxxxx'), { code: 'LOST', message: '[LOST] no 3 exec in a row began within 5 s of its start' });
  await assert.rejects(row('xx', { tookMs: 3000 }), { code: 'LOST', message: /no 3 exec in a row began/ });
  await assert.rejects(row('ooooooox', { times: 10 }), { code: 'LOST', message: '[LOST] 7.0 s after its start: refused' });
});
