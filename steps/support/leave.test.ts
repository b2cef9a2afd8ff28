import assert from 'node:assert/strict';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { readLeft } from '../../reports/left.ts';
import { leaveAsItIs } from './leave.ts';
import type { Session } from './session.ts';
import type { EdgeWorld } from './world.ts';

test('what a scenario has broken stays and is noted, what it has going ends: Cucumber would wait for that', async () => {
  await using folder = await mkdtempDisposable(`${tmpdir()}/edgeproof-leave-`);
  let ended = 0;
  const stream = { [Symbol.asyncDispose]: async () => void (ended += 1) };
  const world = {
    namespace: 'a-1', streams: new Map([['one', stream], ['two', stream]]),
    faultRecords: new Map([['x', { id: 'wan-down-1' }], ['y', { id: 'power-cut-1', endedAt: '2026-11-28T10:00:00.000Z' }]]),
  } as unknown as EdgeWorld;
  await leaveAsItIs(world, { runDir: folder.path } as Session, 'identity-traffic-component-restart');
  assert.deepEqual([await readLeft(folder.path), ended], [[{ promise: 'identity-traffic-component-restart', namespace: 'a-1', faults: ['wan-down-1'] }], 2]);
});
