import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kindClusters } from './down.ts';

test("a kind cluster is ours when it is on our network; the user's own are not, whatever their names", () => {
  assert.deepEqual(kindClusters('dev edgeproof-dev\nlab kind\ndev edgeproof-dev\nother edgeproof-dev\nboth kind,edgeproof-both\nlate \n'), ['dev', 'dev', 'both']);
});
