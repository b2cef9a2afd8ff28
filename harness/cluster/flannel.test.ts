import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { repositoryRoot } from '../../core/paths.ts';
import { vtepDevice } from './flannel.ts';

test('whatever is asked of a node\'s VTEP is asked of the device that is named here, and nowhere else', () => {
  const sources = globSync('{harness,chaos}/**/*.ts', { cwd: repositoryRoot }).filter((file) => !file.endsWith('.test.ts') && file !== 'harness/cluster/flannel.ts');
  assert.ok(sources.length > 100);
  // In words for people it may stand anywhere; here it is an argument, a name that is compared, or a part of a path.
  const asked = new RegExp(String.raw`(?:(?:dev|show) |net/|')${vtepDevice.replace('.', String.raw`\.`)}(?:['/ ]|$)`, 'm');
  assert.deepEqual(sources.filter((file) => asked.test(readFileSync(join(repositoryRoot, file), 'utf8'))), []);
});
