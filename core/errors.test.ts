import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CannotTellError, describeError, exitCodeOf, PromiseBroken, UsageError } from './errors.ts';

test('each kind of error has its exit code', () => {
  assert.deepEqual([new PromiseBroken('X', 'x'), new CannotTellError('X', 'x'), new UsageError('x'), new TypeError('x'), 'x'].map(exitCodeOf), [1, 2, 254, 255, 255]);
});

test('an error is told with what to do next and why it happened', () => {
  const error = new CannotTellError('A', 'no boot', { next: 'look there', cause: new Error('no disk') });
  assert.equal(describeError(error), 'no boot\n  next: look there\n  because: no disk');
});

test('a machine that has run out of something is no bug of edgeproof, and is told with what to do', () => {
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  for (const error of [full, new Error('the report could not be written', { cause: full })]) {
    assert.equal(exitCodeOf(error), 2);
    assert.match(describeError(error), /^a disk is full\n  next: make room .*\n(  because: the report could not be written\n)?  because: ENOSPC/);
  }
  assert.equal(exitCodeOf(Object.assign(new Error('EACCES'), { code: 'EACCES' })), 255);
  // What says it in its own words stays as it is.
  assert.equal(describeError(new CannotTellError('A', 'no boot', { cause: full })), 'no boot\n  because: ENOSPC: no space left on device, write');
  assert.equal(exitCodeOf(new UsageError('no', { cause: full })), 254);
});

test('when clean-up fails as well, both are told and the first decides', async () => {
  const both = async (): Promise<void> => {
    await using _ = { [Symbol.asyncDispose]: async () => { throw new Error('engine stuck'); } };
    throw new UsageError('a cluster dev exists');
  };
  await assert.rejects(both(), (error) => {
    assert.equal(exitCodeOf(error), 254);
    assert.equal(describeError(error), 'a cluster dev exists\nand then, cleaning up: engine stuck');
    return true;
  });
});
