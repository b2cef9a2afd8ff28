import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { exec } from './exec.ts';
import { mountsBelow, removeTree } from './remove-tree.ts';

test('only what lies below the folder, the deepest first, spaces unescaped', () => {
  const line = (path: string): string => `36 35 98:0 / ${path} rw - ext4 /dev/root rw`;
  assert.deepEqual(mountsBelow([line('/run/a'), line('/run/a/b'), line('/run/a/b/c\\040d'), line('/run/ab')].join('\n'), '/run/a'), ['/run/a/b/c d', '/run/a/b']);
});

test('a folder with a mount in it is removed', { skip: process.getuid?.() !== 0 && 'only root mounts' }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'edgeproof-tree-'));
  await mkdir(join(folder, 'mounted'));
  await exec(['mount', '-t', 'tmpfs', 'none', join(folder, 'mounted')]);
  await writeFile(join(folder, 'mounted', 'file'), '');
  await removeTree(folder);
  assert.equal(existsSync(folder), false);
});
