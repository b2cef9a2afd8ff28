import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { until } from '../../tunnel/testing/until.ts';
import { initial, respond, stage } from '../testing/stage.ts';
import { pour } from './pour.ts';

test('pieces are made as they are read, and no more of them for who has gone', async () => {
  let made = 0;
  const pieces = function* (): Generator<Buffer> {
    for (; made < 100; made += 1) yield Buffer.alloc(1000);
  };
  const taken: (() => void)[] = [];
  const to = new Writable({ highWaterMark: 3000, write: (_, __, done) => void taken.push(done) });
  const poured = pour(to, pieces());
  await turn();
  assert.equal(made, 2, 'the third is written, and fills it');
  while (made < 50) {
    taken.shift()?.();
    await turn();
  }
  to.destroy();
  await poured;
  assert.ok(made < 55);
});

test('a client that does not read its answers does not make the hub hold them', async () => {
  await using stack = new AsyncDisposableStack();
  const filler = 'x'.repeat(50_000);
  const items = Array.from({ length: 100 }, (_, index) => ({ metadata: { name: `p${index}`, namespace: 'default', resourceVersion: '3', annotations: { filler } } }));
  const { kubelet, cut, memory } = await stage(stack, (request) => respond(request, 200, { kind: 'PodList', apiVersion: 'v1', metadata: { resourceVersion: '5' }, items }));
  await kubelet.get('/api/v1/pods');
  await cut();
  const before = process.memoryUsage().external;
  const [list, watch] = [[], []].map(() => [] as ReturnType<typeof kubelet.ask>[]);
  for (let count = 0; count < 8; count += 1) {
    for (const [told, path] of [[list!, '/api/v1/pods'], [watch!, `/api/v1/pods?${initial}`]] as const) {
      const one = kubelet.ask(path);
      one.stream.pause();
      told.push(one);
    }
  }
  await until('all are answered', () => [...list!, ...watch!].every(({ status }) => status === 200));
  const held = (process.memoryUsage().external - before) / 1024 / 1024;
  assert.ok(held < 30, `${held} MiB are held of 16 answers of 5 MB`);
  for (const one of [list![0]!, watch![0]!]) one.stream.resume();
  await until('what is read comes whole', () => list![0]!.end === 'whole' && watch![0]!.body.includes('"BOOKMARK"'), 20_000);
  assert.equal(memory.openWatches.size, 1, 'a watch is kept when its client has what there is');
});
