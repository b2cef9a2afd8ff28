import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Undos } from './undos.ts';

const { signal } = new AbortController();

test('all that was changed is undone, also when a part of it fails, and once', async () => {
  const undos = new Undos();
  const undone: string[] = [];
  undos.add('first', async () => void undone.push('first'));
  undos.add('second', async () => { throw new Error('the API server is gone'); });
  undos.add('third', async () => void undone.push('third'));
  await assert.rejects(undos.undoAll(signal), /the API server is gone/);
  assert.deepEqual(undone, ['first', 'third']);
  await undos.undoAll(signal);
  assert.deepEqual(undone, ['first', 'third']);
});

test('what a step has put back is not undone again, and of two changes of the same thing one is', async () => {
  const undos = new Undos();
  const undone: string[] = [];
  undos.add('trust', async () => void undone.push('trust'));
  undos.add('label', async () => void undone.push('first label'));
  undos.add('label', async () => void undone.push('label'));
  undos.drop('trust');
  await undos.undoAll(signal);
  assert.deepEqual(undone, ['label']);
});
