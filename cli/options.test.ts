import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../core/errors.ts';
import { checkTags } from './options.ts';

test('tags that say nothing are refused before anything is booted: a variable that was not set, most likely', async () => {
  for (const nothing of ['', '  ', '\n']) await assert.rejects(checkTags(nothing), (error) => error instanceof UsageError && /^--tags says nothing/.test(error.message));
  assert.equal(await checkTags('@tunnel'), '@tunnel');
});
