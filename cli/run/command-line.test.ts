import assert from 'node:assert/strict';
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { repositoryRoot } from '../../core/paths.ts';
import { chooseTopology, type ConformanceOptions } from '../options.ts';
import { commandLine } from './command-line.ts';

const graded = (more: Partial<ConformanceOptions>): ConformanceOptions => ({ implementation: 'reference', images: 'auto', keep: false, repeat: 1, failFast: false, ...more }) as ConformanceOptions;

test('a run on a topology of a file is done again by the path of that file, from the root of the repository', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'edgeproof-line-'));
  const text = 'name: two-sites\ndescription: a test\ncloud: { workers: 1 }\nsites:\n  - name: east\n    nodes: [{}]\n';
  await writeFile(join(folder.path, 'my own.yaml'), text);
  const elsewhere = await chooseTopology('./my own.yaml', folder.path);
  // Whatever name is in it.
  assert.equal(commandLine('conformance', graded(elsewhere)), `npm run conformance -- --topology '${folder.path}/my own.yaml'`);
  assert.equal(commandLine('control', graded({ ...elsewhere, tags: '@tunnel and not @slow' })), `npm run control -- --topology '${folder.path}/my own.yaml' --tags '@tunnel and not @slow'`);
  const inside = await chooseTopology('one-edge.yaml', join(repositoryRoot, 'topologies'));
  assert.equal(commandLine('conformance', graded({ ...inside, implementation: 'stock' })), 'npm run conformance -- --topology ./topologies/one-edge.yaml --implementation stock');
});

test('a topology that ships is named, and what a verb takes by itself is not', async () => {
  const [two, many] = await Promise.all([chooseTopology('two-sites', '/'), chooseTopology('many-sites', '/')]);
  assert.deepEqual([commandLine('conformance', graded(two)), commandLine('conformance', graded(many))], ['npm run conformance', 'npm run conformance -- --topology many-sites']);
  assert.deepEqual([commandLine('control', graded(two)), commandLine('control', graded(many))], ['npm run control -- --topology two-sites', 'npm run control']);
});
