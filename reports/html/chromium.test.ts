import assert from 'node:assert/strict';
import { mkdtempDisposable, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { exec } from '../../core/exec.ts';
import { repositoryRoot } from '../../core/paths.ts';

test('on a machine without a Chromium the tests of the page fail, with what to do: none is skipped', async () => {
  await using bare = await mkdtempDisposable(join(tmpdir(), 'edgeproof-bare-'));
  await symlink('/bin/sh', join(bare.path, 'sh'));
  const { code, stdout } = await exec([process.execPath, '--test', '--test-reporter=tap', 'reports/html/browser.test.ts'], { cwd: repositoryRoot, env: { PATH: bare.path, NODE_TEST_CONTEXT: undefined }, accept: 'any', timeoutMs: 60_000 });
  assert.equal(code, 1, stdout);
  assert.match(stdout, /no Chromium is installed/);
  assert.match(stdout, /^# pass 0$/m);
  assert.match(stdout, /^# skipped 0$/m);
});
