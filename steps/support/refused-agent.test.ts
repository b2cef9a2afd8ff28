import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refusalIn } from './refused-agent.ts';

test('a refusal is told from other lines by its words, and the last counts', () => {
  const log = ['session over: node edge was deleted', 'agent rejected: no such node "edge"', 'waiting 2.5 s'].join('\n');
  assert.equal(refusalIn(log), 'agent rejected: no such node "edge"');
  assert.equal(refusalIn('{"code":"REVOKED","reason":"there is no node edge (yet)"}\n'), '{"code":"REVOKED","reason":"there is no node edge (yet)"}');
  assert.equal(refusalIn('session open\nsession over: connection reset by peer\n'), undefined);
});
