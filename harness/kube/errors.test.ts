import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KubeError, isConflict, isNotFound } from './errors.ts';

test('an error status tells its reason and message', () => {
  const error = new KubeError('GET /api/v1/nodes/x', 404, '{"kind":"Status","reason":"NotFound","message":"nodes \\"x\\" not found"}');
  assert.equal(error.message, 'GET /api/v1/nodes/x: 404 NotFound: nodes "x" not found');
  assert.equal(error.reason, 'NotFound');
  assert.ok(isNotFound(error));
  assert.ok(!isConflict(error));
});

test('an answer that is no Status is shown as it is', () => {
  assert.equal(new KubeError('GET /x', 502, 'bad gateway').message, 'GET /x: 502: bad gateway');
  assert.equal(new KubeError('GET /x', 500, '').message, 'GET /x: 500: (empty answer)');
});
