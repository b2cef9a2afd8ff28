import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Scenario } from './catalogue.ts';
import { aboutRun, withoutSoak } from './soak.ts';

const catalogue = [{ promise: 'a', tags: ['@autonomy', '@autonomy-a'] }, { promise: 'b', tags: ['@autonomy', '@autonomy-b', '@soak'] }] as unknown as Scenario[];
const names = (tags: string | undefined): string[] => aboutRun(catalogue, tags).map(({ promise }) => promise);

test('soaks are left out of a run that does not speak of them', () => {
  assert.equal(withoutSoak(catalogue, undefined), 'not @soak');
  assert.equal(withoutSoak(catalogue, '@autonomy or @tunnel'), '(@autonomy or @tunnel) and not @soak');
  assert.equal(withoutSoak(catalogue, undefined, '@autonomy or @tunnel'), '(@autonomy or @tunnel) and not @soak');
  assert.deepEqual([names(undefined), names('@autonomy')], [['a'], ['a']]);
});

test('who speaks of soaks decides', () => {
  assert.equal(withoutSoak(catalogue, '@soak'), '@soak');
  assert.equal(withoutSoak(catalogue, '@autonomy and not @soak'), '@autonomy and not @soak');
  assert.deepEqual(names('@autonomy and @soak'), ['a', 'b']);
  assert.equal(withoutSoak(catalogue, '@soak-like'), '(@soak-like) and not @soak', 'another tag');
});

test('who names a soak gets it', () => {
  assert.deepEqual(names('@autonomy-b'), ['a', 'b']);
  assert.equal(withoutSoak(catalogue, '@autonomy-b', '(@autonomy) and (@autonomy-b)'), '(@autonomy) and (@autonomy-b)');
});
