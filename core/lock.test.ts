import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { test } from 'node:test';
import { lock, tryLock, whoHolds } from './lock.ts';
import { WaitTimeoutError } from './wait.ts';

const name = `test-${process.pid}`;

test('one holds a lock at a time, and the next gets it when it is given back', async () => {
  const first = await tryLock(name);
  assert.ok(first);
  assert.equal(await tryLock(name), undefined);
  const waiting = lock(name, { timeoutMs: 5_000 });
  await first[Symbol.asyncDispose]();
  await (await waiting)[Symbol.asyncDispose]();
});

test('a lock that stays taken is an error that says so, and an abort ends the wait', async () => {
  await using _held = await lock(name, { timeoutMs: 1_000 });
  await assert.rejects(lock(name, { timeoutMs: 50 }), (error) => error instanceof WaitTimeoutError && /another edgeproof holds it/.test(error.message));
  await assert.rejects(lock(name, { timeoutMs: 5_000, signal: AbortSignal.abort(new Error('no more')) }), /no more/);
});

test('who holds a lock is told to whoever asks, also by one that does not answer, and nobody is when it is free', async () => {
  assert.equal(await whoHolds(name), undefined);
  {
    await using _held = await tryLock(name, 'edgeproof conformance (process 7)');
    assert.deepEqual(await Promise.all([whoHolds(name), whoHolds(name)]), ['edgeproof conformance (process 7)', 'edgeproof conformance (process 7)']);
  }
  assert.equal(await whoHolds(name), undefined);
  const mute = createServer(() => {});
  await new Promise<void>((resolve) => void mute.listen(`\0edgeproof-${name}`, resolve));
  assert.equal(await whoHolds(name), 'a process that does not answer');
  mute.close();
});

test('a lock is given up also while somebody who was told of it does not hang up', { timeout: 5_000 }, async () => {
  const held = await tryLock(name, 'me');
  await using stack = new AsyncDisposableStack();
  // As one that is stopped (Ctrl-Z) just when it has asked.
  const asking = stack.adopt(connect({ path: `\0edgeproof-${name}`, allowHalfOpen: true }), (socket) => void socket.destroy());
  await once(asking, 'data');
  await held?.[Symbol.asyncDispose]();
  assert.equal(await whoHolds(name), undefined);
});
