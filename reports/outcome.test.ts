import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readException, unknownCode } from './outcome.ts';

test('only a PromiseBroken breaks a promise: the text of another error that looks like one does not', () => {
  const message = '[POD_IP_CHANGED] it had 1 and has 2';
  const seen = readException({ type: 'PromiseBroken', message });
  assert.deepEqual([seen.code, seen.message], ['POD_IP_CHANGED', 'it had 1 and has 2']);
  const quoted = readException({ type: 'ExecError', message });
  assert.deepEqual([quoted.code, quoted.message], [undefined, message]);
  assert.equal(readException({ type: 'PromiseBroken', message: 'no code' }).code, unknownCode);
});
