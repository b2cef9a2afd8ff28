import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { repositoryRoot } from '../../../core/paths.ts';

const loads = (from: string): string => spawnSync(process.execPath, ['--input-type=module', '--eval', `import { createServer } from '${from}'; createServer(); process.stdout.write(String(process.moduleLoadList.some((name) => /undici/.test(name))));`], { encoding: 'utf8' }).stdout;

test('a server of HTTP comes without Node\'s client', () => {
  assert.equal(loads(join(import.meta.dirname, 'node-http.ts')), 'false');
  // Otherwise this file is not needed any more.
  assert.equal(loads('node:http'), 'true');
});

test('the hub imports it from nowhere else', () => {
  const folder = join(repositoryRoot, 'components', 'hub');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && !name.includes('testing/'));
  assert.deepEqual(files.filter((name) => /^import (?!type ).* from 'node:http';/m.test(readFileSync(join(folder, name), 'utf8'))), []);
});
