import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { exec } from './exec.ts';
import { isBound, mountsBelow, removeTree, unmountTree } from './remove-tree.ts';

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

test('a folder that is mounted on itself is not any more, nor what is mounted below it; a disk that is mounted there stays', { skip: process.getuid?.() !== 0 && 'only root mounts' }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'edgeproof-tree-'));
  const bound = async (): Promise<boolean> => isBound(await readFile('/proc/self/mountinfo', 'utf8'), folder);
  await mkdir(join(folder, 'mounted'));
  await exec(['mount', '--bind', folder, folder]);
  await exec(['mount', '-t', 'tmpfs', 'none', join(folder, 'mounted')]);
  await writeFile(join(folder, 'mounted', 'file'), '');
  assert.equal(await bound(), true);
  await unmountTree(folder);
  assert.deepEqual([await bound(), existsSync(join(folder, 'mounted', 'file'))], [false, false]);
  await exec(['mount', '-t', 'tmpfs', 'none', folder]);
  await writeFile(join(folder, 'file'), '');
  await unmountTree(folder);
  assert.equal(existsSync(join(folder, 'file')), true);
  await exec(['umount', folder]);
  await removeTree(folder);
});
