import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failedAsNamed, stockCodeOf } from './tags.ts';

test('a scenario fails as plain Kubernetes must with the code that its tag names, and with no other', () => {
  const tags = ['@tunnel', '@tunnel-logs', '@stock:LOGS_UNREACHABLE'];
  assert.equal(stockCodeOf(tags), 'LOGS_UNREACHABLE');
  assert.equal(failedAsNamed(tags, '[LOGS_UNREACHABLE] kubectl logs: no end within 5 s'), true);
  for (const reason of ['[LOGS_INCOMPLETE] of 3 lines 2 came', 'LOGS_UNREACHABLE', 'kubectl logs: [LOGS_UNREACHABLE]', '', undefined]) assert.equal(failedAsNamed(tags, reason), false, String(reason));
  assert.equal(failedAsNamed(['@lifecycle', '@baseline'], '[undefined] x'), false);
});
