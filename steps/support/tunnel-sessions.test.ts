import assert from 'node:assert/strict';
import { test } from 'node:test';
import { notAnew, type TunnelSessions } from './tunnel-sessions.ts';

const sessions = (of: Record<string, string[]>): TunnelSessions => new Map(Object.entries(of).map(([node, open]) => [node, new Set(open)]));

test('anew is who has a connection that was not there before, whatever is left of the old ones', () => {
  const before = sessions({ a: ['a:1'], b: ['b:1'], c: ['c:1'], d: [] });
  assert.deepEqual(notAnew(before, sessions({ a: ['a:1', 'a:2'], b: ['b:1'], c: [], d: ['d:1'] })), ['b', 'c']);
  assert.deepEqual(notAnew(before, sessions({ e: ['e:1'] })), []);
});
