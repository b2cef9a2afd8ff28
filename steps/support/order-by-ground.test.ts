import assert from 'node:assert/strict';
import { test } from 'node:test';
import { turnOf } from './order-by-ground.ts';

const turn = (...names: string[]): number => turnOf({ pickle: { tags: names.map((name) => ({ name })) } });

test('what may run beside others comes first, what restarts components before what restarts their nodes, and what ends a cluster last', () => {
  const turns = [turn('@side-by-side'), turn('@one-site', '@needs-neighbour', '@first'), turn('@one-site', '@needs-neighbour'), turn('@one-site'), turn(), turn('@one-site', '@last')];
  assert.deepEqual(turns, turns.toSorted((a, b) => a - b));
  assert.equal(new Set(turns).size, turns.length);
});

test('what has the cluster to itself does not come before those that have not', () => {
  assert.equal(turn('@first'), turn());
});
