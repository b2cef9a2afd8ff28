import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CacheStore, type CacheOptions } from './store.ts';
import { TestFolder } from './testing/folder.ts';
import { keyOf, list, podType, thing } from './testing/things.ts';
import { mostTokens } from './tokens.ts';

/** A store whose clock goes on by a second with each look at it. */
async function opened(folder: TestFolder, options: CacheOptions = {}): Promise<CacheStore> {
  let now = 1;
  return await CacheStore.open(folder.path(), { maxBytes: 100_000, ownIdentity: 'own', now: () => (now += 1000), ...options });
}

const content = 'x'.repeat(20_000);
const of = (store: CacheStore, identity: string): string[] => store.summary().collections.filter((one) => one.identity === identity).map(({ path }) => path).sort();

test('who fills the cache makes room by what is its own, with lists that never end too', async () => {
  await using folder = new TestFolder();
  await using store = await opened(folder);
  list(store, keyOf({ identity: 'flannel', path: '/nodes' }), [thing('a', 1, content)], 1);
  list(store, keyOf({ identity: 'own', path: '/pods' }), [thing('a', 1, content)], 1);
  for (const path of ['/1', '/2', '/3', '/4']) list(store, keyOf({ identity: 'greedy', path }), [thing('a', 1, content)], 1);
  assert.deepEqual([of(store, 'flannel'), of(store, 'own'), of(store, 'greedy')], [['/nodes'], ['/pods'], ['/3', '/4']]);
  const lists = Array.from({ length: 6 }, () => store.begin(keyOf({ identity: 'greedy', path: '/endless' })));
  for (const one of lists) one.put(thing('a', 1, 'x'.repeat(40_000)));
  store.putObject({ identity: 'flannel', path: '/object', mediaType: 'application/json' }, podType, thing('a', 1));
  assert.deepEqual([of(store, 'flannel'), of(store, 'own'), of(store, 'greedy')], [['/nodes'], ['/pods'], []]);
  assert.ok(store.summary().bytes <= 100_000);
  for (const one of lists) one.abort();
});

test('what an open watch keeps current stays, however long nothing was heard of it', async () => {
  await using folder = new TestFolder();
  await using store = await opened(folder);
  const quiet = keyOf({ identity: 'greedy', path: '/quiet' });
  list(store, quiet, [thing('a', 1, content)], 1);
  const watch = store.follow(quiet, '1');
  assert.ok(watch);
  for (const path of ['/1', '/2', '/3', '/4', '/5', '/6']) list(store, keyOf({ identity: 'greedy', path }), [thing('a', 1, content)], 1);
  assert.deepEqual(of(store, 'greedy').includes('/quiet'), true);
  assert.deepEqual(store.summary().collections.filter(({ watched }) => watched).map(({ path }) => path), ['/quiet']);
  watch.close();
  for (const path of ['/7', '/8', '/9', '/10']) list(store, keyOf({ identity: 'greedy', path }), [thing('a', 1, content)], 1);
  assert.deepEqual(of(store, 'greedy').includes('/quiet'), false);
});

test('an identity has so many collections and objects at most, however small they are', async () => {
  await using folder = new TestFolder();
  await using store = await opened(folder, { maxBytes: 1024 * 1024 * 1024 });
  list(store, keyOf({ identity: 'flannel', path: '/nodes' }), [], 1);
  for (let count = 0; count < 300; count += 1) list(store, keyOf({ identity: 'greedy', path: '/pods', labelSelector: `x!=${count}` }), [], 1);
  const selectors = new Set(store.summary().collections.filter(({ identity }) => identity === 'greedy').map(({ labelSelector }) => labelSelector));
  assert.deepEqual([selectors.size, selectors.has('x!=43'), selectors.has('x!=44'), of(store, 'flannel')], [256, false, true, ['/nodes']]);
  const put = (identity: string, name: string): void => store.putObject({ identity, path: `/${name}`, mediaType: 'application/json' }, podType, thing(name, 1));
  put('flannel', 'first');
  for (let count = 0; count <= 8192; count += 1) put('greedy', `o${count}`);
  const paths = new Set(store.summary().objects.map(({ path }) => path));
  assert.deepEqual([paths.size, paths.has('/first'), paths.has('/o0'), paths.has('/o8192')], [8193 + 1 - 819, true, false, true]);
});

test('of too many tokens those go that were not renewed for longest', async () => {
  await using folder = new TestFolder();
  await using store = await opened(folder, { maxBytes: 1024 * 1024 * 1024, syncAfterMs: 1 });
  const key = (boundUid: string) => ({ identity: 'own', path: '/token', audiences: [], boundUid });
  const token = { body: Buffer.from('t'), contentType: 'application/json', expiresAt: 1e15 };
  // A DaemonSet's is renewed; then many short Pods come.
  const puts = ['daemon', 'short', 'daemon', ...Array.from({ length: mostTokens - 1 }, (_, count) => `${count}`)].map((uid) => store.tokens.put(key(uid), token));
  await Promise.all(puts);
  assert.deepEqual(['daemon', 'short', '0'].map((uid) => store.tokens.get(key(uid)) !== undefined), [true, false, true]);
});
