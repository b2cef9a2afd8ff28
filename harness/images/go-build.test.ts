import assert from 'node:assert/strict';
import { test } from 'node:test';
import { benchPrograms, kubectlProgram, loadPrograms, nodePrograms, overlayPrograms, pulledPrograms, toolPrograms, wanPrograms } from '../../images/programs.ts';
import { builtName } from './go-build.ts';

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
