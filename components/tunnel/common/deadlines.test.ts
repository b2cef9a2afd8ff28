import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../testing/until.ts';
import { Deadlines } from './deadlines.ts';

test('deadlines are missed in their order, whichever was there first, and none too early', async () => {
  const deadlines = new Deadlines();
  const missed: number[] = [];
  const early: number[] = [];
  for (const ms of [60, 20, 100, 20, 1]) {
    const at = performance.now() + ms;
    deadlines.in(ms, () => {
      missed.push(ms);
      if (performance.now() < at) early.push(ms);
    });
  }
  await until('all are missed', () => missed.length === 5);
  assert.deepEqual(missed, [1, 20, 20, 60, 100]);
  assert.deepEqual(early, []);
});

test('one that was met is not missed, also when another is missed in the same look, and meets it', async () => {
  const deadlines = new Deadlines();
  const missed: string[] = [];
  const met = deadlines.in(5, () => missed.push('met'));
  deadlines.in(10, () => {
    missed.push('first');
    second.met();
  });
  const second = deadlines.in(10, () => missed.push('second'));
  met.met();
  met.met();
  await until('the first is missed', () => missed.length > 0);
  await sleep(20);
  assert.deepEqual(missed, ['first']);
});

test('one that is set while another is missed, or after a while in which there was none, has its time too', async () => {
  const deadlines = new Deadlines();
  const missed: string[] = [];
  deadlines.in(1, () => {
    missed.push('one');
    deadlines.in(5, () => missed.push('of the first'));
  });
  await until('both are missed', () => missed.length === 2);
  await sleep(10);
  deadlines.in(1, () => missed.push('later'));
  await until('it is missed', () => missed.length === 3);
});
