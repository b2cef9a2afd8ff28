import assert from 'node:assert/strict';
import { chmod, mkdtemp, mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { contentTag } from './content-tag.ts';

async function folder(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'edgeproof-tag-'));
  await mkdir(join(root, 'etc'));
  await writeFile(join(root, 'etc', 'a'), '1');
  await writeFile(join(root, 'b'), '2');
  return root;
}

test('the same content has the same tag, wherever it lies', async () => {
  assert.equal(await contentTag({ words: ['x'], paths: [await folder()] }), await contentTag({ words: ['x'], paths: [await folder()] }));
});

test('a changed byte, name, mode or word gives another tag', async () => {
  const tags = new Set<string>();
  const root = await folder();
  tags.add(await contentTag({ paths: [root] }));
  await writeFile(join(root, 'b'), '3');
  tags.add(await contentTag({ paths: [root] }));
  await chmod(join(root, 'b'), 0o755);
  tags.add(await contentTag({ paths: [root] }));
  await writeFile(join(root, 'c'), '');
  tags.add(await contentTag({ paths: [root] }));
  tags.add(await contentTag({ words: ['a', 'b'], paths: [root] }));
  tags.add(await contentTag({ words: ['a b'], paths: [root] }));
  assert.equal(tags.size, 6);
});
