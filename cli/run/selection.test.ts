import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../../core/errors.ts';
import type { Scenario } from '../../features/catalogue.ts';
import { selectionOf } from './selection.ts';

const catalogue = [{ capability: 'lifecycle', tags: ['@lifecycle'] }, { capability: 'tunnel', tags: ['@tunnel', '@slow'] }] as unknown as Scenario[];

test('what is claimed is selected, and of that what the tags say', () => {
  assert.equal(selectionOf({ name: 'x', claims: ['lifecycle', 'tunnel'] }, undefined, catalogue), '@lifecycle or @tunnel');
  assert.equal(selectionOf({ name: 'x', claims: ['lifecycle', 'tunnel'] }, 'not @slow or @x', catalogue), '(@lifecycle or @tunnel) and (not @slow or @x)');
});

test('nothing to grade is refused', () => {
  const refused = (claims: Parameters<typeof selectionOf>[0]['claims'], tags: string | undefined, message: RegExp): void =>
    assert.throws(() => selectionOf({ name: 'x', claims }, tags, catalogue), (error) => error instanceof UsageError && message.test(error.message));
  refused([], undefined, /x claims nothing/);
  refused(['units'], undefined, /x claims only units, which has no scenario yet/);
  refused(['lifecycle'], '@slow', /selects only what x does not claim/);
});
