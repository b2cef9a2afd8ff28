import assert from 'node:assert/strict';
import { test } from 'node:test';
import { superseded } from './prune.ts';

const kindOf = (name: string): string => name.split(':')[0]!;

test('the current ones and one before them stay, of each kind', () => {
  assert.deepEqual(superseded(['a:4', 'a:3', 'b:1', 'a:2', 'a:1'], ['a:4'], kindOf), ['a:2', 'a:1']);
});

test('what is current stays however old it is', () => {
  assert.deepEqual(superseded(['a:4', 'a:3', 'a:1'], ['a:1'], kindOf), ['a:3']);
});
