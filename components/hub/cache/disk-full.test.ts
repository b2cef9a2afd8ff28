import assert from 'node:assert/strict';
import { mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { exec } from '../../../core/exec.ts';
import type { CacheNotice } from './notice.ts';
import { CacheStore } from './store.ts';
import { TestFolder } from './testing/folder.ts';
import { frame, keyOf, list, stateOf, thing } from './testing/things.ts';

/** A disk of 1 MB. */
async function mounted(folder: TestFolder): Promise<string> {
  const path = folder.path('small');
  mkdirSync(path);
  await exec(['mount', '-t', 'tmpfs', '-o', 'size=1m,mode=0700', 'edge-hub-test', path]);
  return path;
}

const able = process.platform === 'linux' && process.getuid?.() === 0 && (await canMount());
const skip = able ? false : 'needs root that may mount';

async function canMount(): Promise<boolean> {
  await using folder = new TestFolder();
  return await mounted(folder).then(() => true, () => false);
}

const ballast = (path: string, bytes: number): void => writeFileSync(join(path, 'set-aside-ballast'), Buffer.alloc(bytes));
const room = (path: string): number => { const { bavail, bsize } = statfsSync(path); return bavail * bsize; };

test('on a full disk a collection is not on the disk rather than wrong there, is told of, and is stored again when there is room', { skip }, async () => {
  await using folder = new TestFolder();
  const path = await mounted(folder);
  const notices: CacheNotice[] = [];
  await using store = await CacheStore.open(path, { retryAfterMs: 0, told: (notice) => void notices.push(notice) });
  const content = 'x'.repeat(20_000);
  list(store, keyOf(), Array.from({ length: 20 }, (_, index) => thing(`p${index}`, 1, content)), 1);
  await store.flush();
  using watch = store.follow(keyOf(), '1')!;
  // Not even the space that its own file takes is left for a new one.
  ballast(path, room(path));
  let version = 2;
  const grow = (): void => { watch.record(frame('ADDED', thing(`more${version}`, version, content))); version += 1; };
  const isStored = (): boolean => store.summary().collections[0]!.stored;
  while (isStored()) grow();
  assert.ok(notices.some(({ code, message, cause }) => code === 'NOT_STORED' && /in memory only/.test(message) && (cause as NodeJS.ErrnoException).code === 'ENOSPC'));
  const known = stateOf(store, keyOf())!;
  assert.equal(known.resourceVersion, String(version - 1), 'this process still has all of it');
  {
    await using copy = await CacheStore.open(folder.copy('small'));
    assert.equal(copy.read(keyOf()), undefined, 'the next one has no older state');
  }
  rmSync(join(path, 'set-aside-ballast'));
  grow();
  assert.equal(isStored(), true);
  await using copy = await CacheStore.open(folder.copy('small'));
  assert.deepEqual(stateOf(copy, keyOf()), stateOf(store, keyOf()));
});

test('a list that does not fit on the disk is in memory, and the list before it is not taken for it', { skip }, async () => {
  await using folder = new TestFolder();
  const path = await mounted(folder);
  const notices: CacheNotice[] = [];
  await using store = await CacheStore.open(path, { told: (notice) => void notices.push(notice) });
  list(store, keyOf(), [thing('old', 1)], 1);
  const objects = Array.from({ length: 60 }, (_, index) => thing(`p${index}`, 2, 'x'.repeat(20_000)));
  assert.equal(list(store, keyOf(), objects, 2), true);
  assert.deepEqual([store.read(keyOf())!.objects.length, store.summary().collections[0]!.stored, notices.at(-1)!.code], [60, false, 'NOT_STORED']);
  assert.equal(await store.tokens.put({ identity: 'a', path: '/b', audiences: [], boundUid: '' }, { body: Buffer.alloc(2_000_000), contentType: '', expiresAt: Date.now() + 60_000 }), false);
  await using copy = await CacheStore.open(folder.copy('small'));
  assert.equal(copy.read(keyOf()), undefined);
});
