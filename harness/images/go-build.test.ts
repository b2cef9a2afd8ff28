import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gib } from '../../core/memory.ts';
import { benchPrograms, kubectlProgram, loadPrograms, nodePrograms, overlayPrograms, pulledPrograms, toolPrograms, wanPrograms } from '../../images/programs.ts';
import { builtName, collectorSettings } from './go-build.ts';

test('programs are called as go calls them', () => {
  assert.equal(builtName('sigs.k8s.io/kind'), 'kind');
  assert.equal(builtName('./cmd/kubernetes'), 'kubernetes');
  assert.equal(builtName('github.com/tsenart/vegeta/v12'), 'vegeta');
  assert.equal(builtName('github.com/Shopify/toxiproxy/v2/cmd/server'), 'server');
});

test('what is built together has the same variables, and no two of one name', () => {
  const together = Map.groupBy([toolPrograms, wanPrograms, overlayPrograms, nodePrograms, kubectlProgram, pulledPrograms, benchPrograms, loadPrograms], ({ module }) => module);
  for (const groups of together.values()) {
    const names = groups.flatMap(({ programs }) => Object.values(programs).map(builtName));
    assert.deepEqual(names, [...new Set(names)]);
    for (const { variables } of groups) assert.deepEqual(variables, groups[0]?.variables);
  }
});

test('without a collector where each processor has memory enough, and with a lazy one elsewhere', () => {
  assert.deepEqual(collectorSettings(20 * gib, 2), { GOGC: 'off', GOMEMLIMIT: String(10 * gib) });
  assert.deepEqual(collectorSettings(20 * gib, 16), { GOGC: '400' });
  assert.deepEqual(collectorSettings(undefined, 2), { GOGC: '400' });
});
