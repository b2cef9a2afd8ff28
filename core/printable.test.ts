import assert from 'node:assert/strict';
import { test } from 'node:test';
import { printable } from './printable.ts';

test('what would write over the lines around it is shown by its number', () => {
  assert.equal(printable('a\r\nb\tc'), 'a\nb\tc');
  assert.equal(printable('\u001b[2J\r✓\u009b1A\u202e'), '\\u001b[2J\\u000d✓\\u009b1A\\u202e');
  assert.equal(printable('é 😀'), 'é 😀');
});
