import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FirstAnswers, type Outcome, type Pair } from './first-answers.ts';

const [near, far]: readonly [Pair, Pair] = [{ from: 'app', to: 'sibling', at: 'its address' }, { from: 'app', to: 'peer', at: 'its name' }];
const { signal } = new AbortController();

/** Whoever is asked for answers at the times given, or does not: one entry for each time that the pair is asked. */
function script(replies: ReadonlyMap<Pair, (number | string)[]>): { ask: (pairs: readonly Pair[]) => Promise<Outcome[]>; asked: string[] } {
  const asked: string[] = [];
  return { asked, ask: async (pairs) => {
    asked.push(pairs.map(({ to }) => to).join(' '));
    return await Promise.all(pairs.map(async (pair): Promise<Outcome> => {
      const reply = replies.get(pair)!.shift()!;
      return typeof reply === 'number' ? { pair, answeredAt: reply } : { pair, failure: reply };
    }));
  } };
}

test('whoever has answered is not asked again until all have, and its first answer counts', async () => {
  const { ask, asked } = script(new Map([[near, [100, 400]], [far, ['refused', 250, 410]]]));
  const answers = new FirstAnswers([near, far], ask);
  assert.deepEqual(await answers.look(signal), { missing: '1 of 2 are silent: app → peer at its name: refused' });
  assert.deepEqual(await answers.look(signal), { done: true });
  assert.deepEqual(asked, ['sibling peer', 'peer', 'sibling peer']);
  assert.deepEqual([...answers.times], [[near, 100], [far, 250]]);
});

test('an answer that is gone again is not enough', async () => {
  const { ask } = script(new Map([[near, [100, 'no route', 500]], [far, [110, 410, 510]]]));
  const answers = new FirstAnswers([near, far], ask);
  assert.deepEqual(await answers.look(signal), { missing: '1 of 2 are silent: app → sibling at its address: no route' });
  assert.deepEqual(await answers.look(signal), { done: true });
  assert.deepEqual(answers.times.get(near), 100);
});
