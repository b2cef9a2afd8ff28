import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refusalIn } from './refused-agent.ts';

test('a refusal is told from other lines by its words, and the last counts', () => {
  const log = ['session over: node edge was deleted', 'agent rejected: no such node "edge"', 'waiting 2.5 s'].join('\n');
  assert.equal(refusalIn(log), 'agent rejected: no such node "edge"');
  assert.equal(refusalIn('{"code":"REVOKED","reason":"there is no node edge (yet)"}\n'), '{"code":"REVOKED","reason":"there is no node edge (yet)"}');
  // Also when it is the agent that refuses.
  for (const line of ['172.18.0.3:30132: UNABLE_TO_VERIFY_LEAF_SIGNATURE, unable to verify the first certificate', 'x509: certificate signed by unknown authority', 'tls: certificate has expired']) assert.equal(refusalIn(`${line}\nwaiting`), line);
  assert.equal(refusalIn('session open\nsession over: connection reset by peer\n'), undefined);
});
