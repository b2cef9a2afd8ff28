import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { WaitTimeoutError } from '../../core/wait.ts';
import type { Wanted } from './ground.ts';
import { takeGround } from './take-ground.ts';

const node = (name: string, site: string) => ({ name, site, tier: 'edge', role: 'worker', address: '10.0.0.1' }) as const;
const sites = [{ name: 'east', nodes: [node('e1', 'east'), node('e2', 'east')] }, { name: 'west', nodes: [node('w1', 'west')] }];
const take = async (ground: Wanted['ground'], { neighbour = false, timeoutMs = 250 } = {}) => await takeGround({ ground, neighbour }, sites, { timeoutMs });
const [onEast, onWest] = [{ site: 'east', nodes: ['e1', 'e2'] }, { site: 'west', nodes: ['w1'] }];

test('two scenarios stand each on its own site, the one that needs no neighbour on the smaller one', async () => {
  await using first = await take('one-site');
  await using second = await take('one-site');
  assert.deepEqual([first.ground, second.ground], [onWest, onEast]);
  await assert.rejects(take('one-site'), WaitTimeoutError);
  await assert.rejects(take('everything'), WaitTimeoutError);
  await assert.rejects(take('namespace'), WaitTimeoutError);
});

test('a scenario waits for a site that fits until the one there has cleaned up', async () => {
  const first = await take('one-site', { neighbour: true });
  let waits = true;
  const second = take('one-site', { neighbour: true, timeoutMs: 5000 }).finally(() => { waits = false; });
  await using third = await take('one-site');
  assert.deepEqual([waits, third.ground], [true, onWest]);
  await first[Symbol.asyncDispose]();
  await using taken = await second;
  assert.deepEqual(taken.ground, onEast);
});

test('those that break nothing share all ground, and one on a site waits for the last of them', async () => {
  const [first, second] = [await take('namespace'), await take('namespace')];
  assert.equal(first.ground, 'namespace');
  const onSite = take('one-site', { timeoutMs: 5000 });
  await first[Symbol.asyncDispose]();
  await assert.rejects(take('everything'), WaitTimeoutError);
  await second[Symbol.asyncDispose]();
  await using taken = await onSite;
  assert.deepEqual(taken.ground, onWest);
});

test('who waits for all sites gets them before those that come later and want one', async () => {
  const first = await take('one-site', { neighbour: true });
  const taken: string[] = [];
  const all = take('namespace', { timeoutMs: 5000 }).finally(() => taken.push('all'));
  // Comes when "all" waits already, and west is free.
  await assert.rejects(take('one-site'), WaitTimeoutError);
  const later = take('one-site', { timeoutMs: 5000 }).finally(() => taken.push('one'));
  await first[Symbol.asyncDispose]();
  await (await all)[Symbol.asyncDispose]();
  await using last = await later;
  assert.deepEqual([taken, last.ground], [['all', 'one'], onWest]);
});

test('who waited for all sites in vain keeps nobody from one', async () => {
  await using east = await take('one-site', { neighbour: true });
  await assert.rejects(take('everything'), WaitTimeoutError);
  await using west = await take('one-site');
  assert.deepEqual([east.ground, west.ground], [onEast, onWest]);
});

test('who wanted everything and did not get it leaves nothing taken', async () => {
  const west = await take('one-site');
  await assert.rejects(take('everything'), WaitTimeoutError);
  await using east = await take('one-site', { neighbour: true });
  assert.deepEqual(east.ground, onEast);
  await west[Symbol.asyncDispose]();
});

test('a worker that dies lets go of its site', async () => {
  const program = `const { takeGround } = await import(${JSON.stringify(new URL('take-ground.ts', import.meta.url).href)}); const { parentPort, workerData } = await import('node:worker_threads');
    parentPort.postMessage((await takeGround({ ground: 'everything', neighbour: false }, workerData, { timeoutMs: 1000 })).ground); setInterval(() => {}, 1000);`;
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(program)}`), { workerData: sites });
  assert.equal(await new Promise((resolve) => worker.once('message', resolve)), 'everything');
  await assert.rejects(take('one-site'), WaitTimeoutError);
  await worker.terminate();
  await using taken = await take('everything', { timeoutMs: 5000 });
  assert.equal(taken.ground, 'everything');
});
