import assert from 'node:assert/strict';
import { test } from 'node:test';
import { atFailure, stopsAtFailure } from './graded-run.ts';

const [conformance, control] = (['conformance', 'control'] as const).map((mode) => ({ mode, failFast: false, keep: false }));

test('what a failure left for a look is healed by no scenario and no round that follow', () => {
  assert.deepEqual([atFailure(conformance!), stopsAtFailure(conformance!)], [{ failFast: false, leave: false }, false]);
  assert.deepEqual([atFailure({ ...conformance!, keep: true }), stopsAtFailure({ ...conformance!, keep: true })], [{ failFast: true, leave: true }, true]);
  assert.deepEqual([atFailure({ ...conformance!, failFast: true }), stopsAtFailure({ ...conformance!, failFast: true })], [{ failFast: true, leave: false }, true]);
});

test('a control does not stop at a scenario that fails as it must', () => {
  assert.deepEqual([atFailure({ ...control!, failFast: true }), stopsAtFailure({ ...control!, failFast: true })], [{ failFast: false, leave: false }, true]);
  assert.deepEqual([atFailure({ ...control!, keep: true }), stopsAtFailure({ ...control!, keep: true })], [{ failFast: false, leave: false }, false]);
});
