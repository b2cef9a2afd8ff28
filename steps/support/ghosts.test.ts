import assert from 'node:assert/strict';
import { test } from 'node:test';
import { untilGhostsAreGone, type GhostsGone } from './ghosts.ts';

/** Rounds of a second each: what remains (`g`) or not (`.`), and whether the attempt before it failed (capitals, `!`). */
async function watch(rounds: string): Promise<GhostsGone> {
  let at = 1000;
  const left = [...rounds];
  return await untilGhostsAreGone({ since: 1000, endsWithinMs: 4000, afterMs: 2000, code: 'LOST', signal: AbortSignal.timeout(5000), everyMs: 1, now: () => at }, async () => {
    at += 1000;
    assert.ok(left.length > 0, 'it has seen enough');
    return /[G!]/.test(left[0]!) ? 'refused' : undefined;
  }, async () => (left.shift()!.toLowerCase() === 'g' ? ['the session from port 1'] : []));
}

test('all must work beside the old sessions, at their end, and for a while after it', async () => {
  assert.deepEqual(await watch('ggg...'), { endedAt: 5000, beside: 3, after: 3 });
  assert.deepEqual(await watch('...'), { endedAt: 2000, beside: 0, after: 3 });
  // Of one that is still told once, the end is later.
  assert.deepEqual(await watch('g.g...'), { endedAt: 5000, beside: 2, after: 4 });
  await assert.rejects(watch('gG'), { code: 'LOST', message: '[LOST] 2.0 s after the old sessions had lost their edge: refused' });
  await assert.rejects(watch('gg.!'), { code: 'LOST', message: '[LOST] 1.0 s after the end of the old sessions: refused' });
  await assert.rejects(watch('ggggg'), { code: 'GHOST_HELD', message: /^\[GHOST_HELD\] 5\.0 s after .* there still is the session from port 1$/ });
});
