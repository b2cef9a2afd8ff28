import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answersIn } from './collect.ts';

test('what a node answered is cut into files', () => {
  assert.deepEqual(answersIn('\u001ea.txt\none\ntwo\n\u001eb.txt\n\u001ec.txt\nthree'), { 'a.txt': 'one\ntwo\n', 'b.txt': '', 'c.txt': 'three' });
  assert.deepEqual(answersIn(''), {});
});
