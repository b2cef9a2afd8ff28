import assert from 'node:assert/strict';
import { test } from 'node:test';
import { broken, findKnee, type Step } from './knee.ts';
import { httpTable } from './table.ts';

const plan = { first: 50, most: 6400, halvings: 2 };

/** Breaks above a rate. */
const carrier = (capacity: number, past: Partial<Step>) => async (rate: number): Promise<Step> =>
  ({ rate, sent: rate, success: 1, p50: 1, p99: 10, errors: [], ...(rate > capacity && past) });

test('the knee is the highest rate that held, between the last that did and the first that did not', async () => {
  const { knee, steps } = await findKnee(carrier(620, { p99: 900 }), plan);
  assert.equal(knee, 600);
  assert.deepEqual(steps.map(({ rate }) => rate), [50, 100, 200, 400, 800, 600, 700]);
});

test('failed requests break a step too, and the first rate may', async () => {
  assert.equal((await findKnee(carrier(10, { success: 0.5 }), plan)).knee, 0);
  assert.equal((await findKnee(carrier(30, { success: 0.5 }), plan)).knee, 25);
  assert.equal(broken({ rate: 1, sent: 1, success: 0.99, p50: 1, p99: 1, errors: [] }), '1.0 % failed');
});

test('a rate that nothing breaks is the last', async () => {
  assert.equal((await findKnee(carrier(Infinity, {}), plan)).knee, 6400);
});

test('a generator that does not keep up says nothing of who it loads: what was found before is kept', async () => {
  const { knee, dropped } = await findKnee(carrier(300, { sent: 350 }), plan);
  assert.deepEqual([knee, dropped?.rate, dropped?.sent], [200, 400, 350]);
  // Behind one that answers late it cannot keep up.
  assert.equal((await findKnee(carrier(300, { sent: 350, p99: 900 }), plan)).knee, 300);
});

test('the table says what broke, and where', () => {
  const step = (rate: number, p99: number): Step => ({ rate, sent: rate, success: 1, p50: 2, p99, errors: [] });
  const table = httpTable({ startedAt: '', host: {}, busy: { loadAverage: 1, used: 0.5, stolen: 0 }, versions: {}, seconds: 5, knees: [{ way: 'ours', keepAlive: true, knee: 100, steps: [step(100, 8), step(200, 700)] }] });
  assert.match(table, /\| ours \| kept \| 100 \| 2\.0 \| 8\.0 \| 200\/s: p99 700 ms \|/);
});
