import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Lasting } from './lasting.ts';

test('attempts come and go; what is seen at every look for long enough lasts', () => {
  const lasting = new Lasting(3000);
  assert.deepEqual(lasting.look(['a'], 0), []);
  assert.deepEqual(lasting.look(['a', 'b'], 3000), []);
  assert.deepEqual(lasting.look(['b', 'c'], 6000), []);
  assert.deepEqual(lasting.look(['b', 'a'], 6001), ['b']);
  // Of the same name as one that was gone meanwhile: another one.
  assert.deepEqual(lasting.look(['a'], 9001), []);
});
