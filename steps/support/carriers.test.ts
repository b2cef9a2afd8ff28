import assert from 'node:assert/strict';
import { test } from 'node:test';
import { afterLoss, carriersOf, describeCarriers, isSomeAndNotAll } from './carriers.ts';

const logs = ['log 1', 'log 2', 'log 3'];
const shown = (without: Record<string, string[]>): ReturnType<typeof carriersOf> => carriersOf(logs, new Map(Object.entries(without).map(([server, those]) => [server, new Set(those)])));

test('a log needs the servers without which it did not go on: the one that it came by, and maybe the one that has the agent', () => {
  const carriers = shown({ a: ['log 1'], b: ['log 2'] });
  assert.deepEqual([...carriers].map(([, those]) => [...those]), [['b'], ['a'], ['a', 'b']]);
  assert.equal(describeCarriers(carriers), '1 by b, 1 by a, 1 by a and b');
  for (const server of ['a', 'b']) assert.ok(isSomeAndNotAll(carriers, server));
  const agentAtB = shown({ a: ['log 1', 'log 3'], b: [] });
  assert.ok(isSomeAndNotAll(agentAtB, 'a'));
  assert.ok(!isSomeAndNotAll(agentAtB, 'b'), 'all need it');
  assert.ok(!isSomeAndNotAll(shown({ a: logs, b: [] }), 'a'), 'none needs it');
});

test('only who went on without the lost server must go on; everybody else has a word or an end', () => {
  const carriers = shown({ a: ['log 1'], b: ['log 2'] });
  const fates = (one: [boolean, boolean], two: [boolean, boolean], three: [boolean, boolean]) => new Map(logs.map((log, index) => [log, { ended: [one, two, three][index]![0], shows: [one, two, three][index]![1] }]));
  assert.equal(afterLoss(carriers, 'a', fates([false, true], [true, false], [true, false])), undefined);
  assert.equal(afterLoss(carriers, 'a', fates([false, true], [false, true], [false, true])), undefined);
  assert.equal(afterLoss(carriers, 'a', fates([false, true], [false, false], [true, false])), 'neither ended nor shown by 1 of 3: log 2');
  assert.throws(() => afterLoss(carriers, 'a', fates([true, true], [true, false], [false, true])), { code: 'OTHERS_CUT', message: /1 of 1 followed logs .*: log 1 by b$/ });
});
