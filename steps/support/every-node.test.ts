import assert from 'node:assert/strict';
import { test } from 'node:test';
import { appsElsewhere } from './every-node.ts';

test('each node without an application gets one, and no other does', () => {
  const nodes = [{ name: 'a' }, { name: 'b' }, { name: 'c' }];
  assert.deepEqual(appsElsewhere(nodes, [{ node: 'b' }]), [{ name: 'other 1', node: 'a' }, { name: 'other 2', node: 'c' }]);
  assert.deepEqual(appsElsewhere(nodes, nodes.map(({ name }) => ({ node: name }))), []);
});
