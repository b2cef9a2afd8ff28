import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Scenario } from './catalogue.ts';
import { aboutRun, withoutSoak } from './soak.ts';

const catalogue = [{ promise: 'a', tags: ['@autonomy'] }, { promise: 'b', tags: ['@autonomy', '@soak'] }] as unknown as Scenario[];
const names = (tags: string | undefined): string[] => aboutRun(catalogue, tags).map(({ promise }) => promise);

test('soaks are left out of a run that does not speak of them', () => {
  assert.equal(withoutSoak(undefined), 'not @soak');
  assert.equal(withoutSoak('@autonomy or @tunnel'), '(@autonomy or @tunnel) and not @soak');
  assert.deepEqual([names(undefined), names('@autonomy')], [['a'], ['a']]);
});

test('who speaks of soaks decides', () => {
  assert.equal(withoutSoak('@soak'), '@soak');
  assert.equal(withoutSoak('@autonomy and not @soak'), '@autonomy and not @soak');
  assert.deepEqual(names('@autonomy and @soak'), ['a', 'b']);
  assert.equal(withoutSoak('@soak-like'), '(@soak-like) and not @soak', 'another tag');
});
