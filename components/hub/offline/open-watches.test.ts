import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../../tunnel/testing/until.ts';
import type { Arrived } from '../testing/api-server.ts';
import { bookmark, event, framesOf, initial, own, pod, stage, watching } from '../testing/stage.ts';

const watchList = `/api/v1/pods?${own}&${initial}`;

test('a watch whose session is lost while the API server is there is ended: its client must not stay deaf', async () => {
  await using stack = new AsyncDisposableStack();
  const { world, hub, kubelet, memory } = await stage(stack, (request) => watching(request, event('ADDED', pod('a', '5')), bookmark('7')));
  const watch = kubelet.ask(watchList);
  await until('the initial events have come', () => framesOf(watch.body).length === 2);
  const states: string[] = [];
  hub.link.onChange(({ kind }) => void states.push(kind));
  world.wan.down();
  world.wan.up();
  await until('the watch is over', () => watch.end === 'whole');
  assert.deepEqual([states, memory.openWatches.size], [[], 0], 'it was never cut off');
});

test('a WatchList that is cut in the middle is broken, whatever is known from before: its client asks again and has all', async () => {
  await using stack = new AsyncDisposableStack();
  const asked: Arrived[] = [];
  const { kubelet, cut } = await stage(stack, (request) => {
    asked.push(request);
    watching(request, event('ADDED', pod('a', '5')), ...(asked.length === 1 ? [event('ADDED', pod('b', '6')), bookmark('7')] : []));
  });
  const first = kubelet.ask(watchList);
  await until('the initial events have come', () => framesOf(first.body).length === 3);
  const second = kubelet.ask(watchList);
  await until('half of it has come', () => framesOf(second.body).length === 1);
  await cut();
  await until('it is broken', () => second.end !== undefined);
  assert.notEqual(second.end, 'whole');
  assert.equal(first.end, undefined, 'the one that has all stays open');
  const again = kubelet.ask(watchList);
  await until('it is answered', () => framesOf(again.body).length === 3);
  assert.equal(again.end, undefined);
});
