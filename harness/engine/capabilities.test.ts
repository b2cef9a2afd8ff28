import assert from 'node:assert/strict';
import { test } from 'node:test';
import { missingCapabilities } from './capabilities.ts';

test('a full bounding set misses nothing', () => {
  assert.deepEqual(missingCapabilities('CapBnd:\t000001ffffffffff\n', 40), []);
});

test('bit 24 is CAP_SYS_RESOURCE', () => {
  assert.deepEqual(missingCapabilities('CapInh:\t0\nCapBnd:\t000001fffeffffff\n', 40), ['CAP_SYS_RESOURCE']);
});

test('capabilities that an older kernel does not know are not missing', () => {
  assert.deepEqual(missingCapabilities('CapBnd:\t0000003fffffffff\n', 37), []);
});
