import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { CacheFolderError } from './errors.ts';
import type { CacheNotice } from './notice.ts';
import { CacheStore } from './store.ts';
import { TestFolder } from './testing/folder.ts';
import { bookmark, frame, keyOf, list, podType, stateOf, thing } from './testing/things.ts';

const names = (store: CacheStore, key = keyOf()): string[] | undefined => store.read(key)?.objects.map(({ name }) => name);

test('a list is there when it is whole, in its order, and for the next process too', async () => {
  await using folder = new TestFolder();
  const time = { now: 1000 };
  {
    await using store = await CacheStore.open(folder.path(), { now: () => time.now });
    const replacement = store.begin(keyOf());
    replacement.put(thing('b', 5));
    replacement.put(thing('a', 7));
    assert.equal(store.read(keyOf()), undefined);
    assert.equal(replacement.commit({ type: podType, resourceVersion: '9' }), true);
    assert.equal(replacement.commit({ type: podType, resourceVersion: '10' }), false);
    assert.deepEqual(store.read(keyOf()), { type: podType, resourceVersion: '9', touchedAt: 1000, objects: [thing('b', 5), thing('a', 7)] });
  }
  time.now = 2000;
  await using store = await CacheStore.open(folder.path(), { now: () => time.now });
  assert.deepEqual(store.read(keyOf()), { type: podType, resourceVersion: '9', touchedAt: 1000, objects: [thing('b', 5), thing('a', 7)] });
  const [object] = store.read(keyOf())!.objects;
  assert.equal(object!.raw.buffer.byteLength, object!.raw.length, 'an object keeps no more memory than its own');
  assert.equal(list(store, keyOf({ path: '/api/v1/secrets' }), [], 3), true);
  assert.deepEqual(names(store, keyOf({ path: '/api/v1/secrets' })), []);
});

test('collections differ by identity, path, selectors and media type', async () => {
  await using folder = new TestFolder();
  await using store = await CacheStore.open(folder.path());
  list(store, keyOf(), [thing('a', 1)], 1);
  for (const other of [{ identity: 'x' }, { path: '/api/v1/nodes' }, { fieldSelector: 'a=b' }, { labelSelector: 'a=b' }, { mediaType: 'application/vnd.kubernetes.protobuf' }]) assert.equal(store.read(keyOf(other)), undefined);
});

test('a watch keeps a collection current, and a bookmark moves it on', async () => {
  await using folder = new TestFolder();
  const time = { now: 1000 };
  await using store = await CacheStore.open(folder.path(), { now: () => time.now });
  assert.equal(store.follow(keyOf(), '1'), undefined);
  list(store, keyOf(), [thing('a', 1), thing('b', 2)], 2);
  using watch = store.follow(keyOf(), '2')!;
  time.now = 2000;
  for (const one of [frame('ADDED', thing('c', 3)), frame('MODIFIED', thing('a', 4, 'new')), frame('DELETED', thing('b', 5)), bookmark(9)]) assert.equal(watch.record(one), true);
  const expected = { type: podType, resourceVersion: '9', touchedAt: 2000, objects: [thing('a', 4, 'new'), thing('c', 3)] };
  assert.deepEqual(store.read(keyOf()), expected);
  await using copy = await CacheStore.open(folder.copy(), {});
  assert.deepEqual(copy.read(keyOf()), expected);
});

test('a second watch tells what is known again, and one that begins later than what is known is not followed', async () => {
  await using folder = new TestFolder();
  await using store = await CacheStore.open(folder.path());
  list(store, keyOf(), [thing('a', 1)], 10);
  using first = store.follow(keyOf(), '10')!;
  using second = store.follow(keyOf(), '8')!;
  first.record(frame('MODIFIED', thing('a', 12)));
  second.record(frame('MODIFIED', thing('a', 9, 'old')));
  second.record(frame('DELETED', thing('a', 11)));
  assert.deepEqual(stateOf(store, keyOf()), { resourceVersion: '12', objects: { 'default/a': thing('a', 12).raw.toString() } });
  assert.equal(store.follow(keyOf(), '13'), undefined);
  assert.equal(store.follow(keyOf(), '0'), undefined);
  assert.equal(store.follow(keyOf(), ''), undefined);
  assert.ok(store.follow(keyOf(), '12'));
});

test('changes that come while a list comes in are not lost: it does not count when a watch was faster', async () => {
  await using folder = new TestFolder();
  await using store = await CacheStore.open(folder.path());
  list(store, keyOf(), [thing('a', 1), thing('gone', 1)], 10);
  using watch = store.follow(keyOf(), '10')!;
  const replacement = store.begin(keyOf());
  replacement.put(thing('a', 11));
  watch.record(frame('MODIFIED', thing('a', 11)));
  watch.record(frame('ADDED', thing('late', 13)));
  watch.record(frame('DELETED', thing('gone', 14)));
  replacement.put(thing('gone', 1));
  // Older than what the watch brought: the collection is at 14 already, and stays there.
  assert.equal(replacement.commit({ type: podType, resourceVersion: '12' }), true);
  assert.deepEqual([store.read(keyOf())!.resourceVersion, names(store)], ['14', ['a', 'late']]);
  watch.close();
  assert.equal(watch.record(frame('DELETED', thing('a', 99))), false);
  assert.deepEqual(names(store), ['a', 'late']);
});

test('the initial events of a WatchList may change before they end', async () => {
  await using folder = new TestFolder();
  await using store = await CacheStore.open(folder.path());
  const replacement = store.begin(keyOf());
  for (const name of ['a', 'b', 'c']) replacement.put(thing(name, 1));
  replacement.put(thing('a', 2));
  replacement.delete(thing('b', 3));
  replacement.delete(thing('never', 3));
  replacement.commit({ type: podType, resourceVersion: '3' });
  assert.deepEqual(store.read(keyOf())!.objects, [thing('a', 2), thing('c', 1)]);
  await using copy = await CacheStore.open(folder.copy());
  assert.deepEqual(copy.read(keyOf()), store.read(keyOf()));
});

test('a list that is aborted leaves what there was; one that is older without a reason is that of a restored cluster', async () => {
  await using folder = new TestFolder();
  await using store = await CacheStore.open(folder.path());
  list(store, keyOf(), [thing('a', 100)], 100);
  {
    using replacement = store.begin(keyOf());
    replacement.put(thing('x', 200));
  }
  assert.deepEqual(names(store), ['a']);
  list(store, keyOf(), [thing('b', 3)], 5);
  assert.deepEqual([store.read(keyOf())!.resourceVersion, names(store)], ['5', ['b']]);
  // Two lists at once, and the older one comes to its end last.
  const [older, newer] = [store.begin(keyOf()), store.begin(keyOf())];
  older.put(thing('older', 6));
  newer.put(thing('newer', 7));
  newer.commit({ type: podType, resourceVersion: '7' });
  older.commit({ type: podType, resourceVersion: '6' });
  assert.deepEqual(names(store), ['newer']);
  assert.deepEqual(readdirSync(folder.path()).filter((name) => name.endsWith('.new')), []);
});

test('what is dropped is gone for the next process too', async () => {
  await using folder = new TestFolder();
  await using store = await CacheStore.open(folder.path());
  list(store, keyOf(), [thing('a', 1)], 1);
  // Not yet safe, so the older file is still there.
  list(store, keyOf(), [thing('a', 2)], 2);
  using watch = store.follow(keyOf(), '2')!;
  store.drop(keyOf());
  assert.equal(watch.record(frame('ADDED', thing('b', 3))), false);
  await using copy = await CacheStore.open(folder.copy());
  assert.deepEqual([store.read(keyOf()), copy.read(keyOf())], [undefined, undefined]);
  list(store, keyOf(), [thing('c', 4)], 4);
  assert.equal(watch.record(frame('ADDED', thing('d', 5))), false);
  assert.deepEqual(names(store), ['c']);
});

test('a watch that brings another kind ends the collection instead of mixing it', async () => {
  await using folder = new TestFolder();
  const notices: CacheNotice[] = [];
  await using store = await CacheStore.open(folder.path(), { told: (notice) => void notices.push(notice) });
  list(store, keyOf(), [thing('a', 1)], 1);
  using watch = store.follow(keyOf(), '1')!;
  assert.equal(watch.record({ type: 'ADDED', of: { apiVersion: 'v1', kind: 'Secret' }, object: thing('b', 2) }), false);
  assert.equal(store.read(keyOf()), undefined);
  assert.match(notices[0]!.message, /^\/api\/v1\/pods of system:node:edge-1 is not cached any more: a watch of Pod brought v1 Secret$/);
});

test('one object: the latest of what this identity was given', async () => {
  await using folder = new TestFolder();
  const time = { now: 1000 };
  await using store = await CacheStore.open(folder.path(), { now: () => time.now });
  const object = { identity: 'system:node:edge-1', mediaType: 'application/json', namespace: 'default' };
  const query = (name: string, changes: object = {}) => ({ ...object, path: `/api/v1/namespaces/default/pods/${name}`, name, collections: ['/api/v1/namespaces/default/pods', '/api/v1/pods'], ...changes });
  assert.deepEqual(store.find(query('a')), { found: 'unknown' });

  list(store, keyOf({ fieldSelector: 'spec.nodeName=edge-1' }), [thing('a', 3)], 10);
  assert.deepEqual(store.find(query('a')), { found: 'object', type: podType, object: thing('a', 3), touchedAt: 1000 });
  assert.deepEqual(store.find(query('b')), { found: 'unknown' }, 'a selector may have left it out');
  assert.deepEqual(store.find(query('a', { identity: 'system:serviceaccount:default:other' })), { found: 'unknown' }, 'another identity was given nothing');
  assert.deepEqual(store.find(query('a', { mediaType: 'application/vnd.kubernetes.protobuf' })), { found: 'unknown' });

  time.now = 2000;
  store.putObject(query('a'), podType, thing('a', 5));
  assert.deepEqual(store.find(query('a')), { found: 'object', type: podType, object: thing('a', 5), touchedAt: 2000 });
  list(store, keyOf({ fieldSelector: 'metadata.name=b' }), [], 10);
  assert.deepEqual(store.find(query('b')), { found: 'absent', resourceVersion: '10', touchedAt: 2000 });

  time.now = 3000;
  list(store, keyOf(), [thing('c', 6)], 11);
  assert.deepEqual(store.find(query('a', { namespace: 'other' })).found, 'absent');
  assert.equal(store.find(query('c')).found, 'object');
  store.putObject(query('d'), podType, thing('d', 12));
  assert.equal(store.find(query('d')).found, 'object', 'it is later than the collection');
  store.deleteObject(query('d'));
  assert.equal(store.find(query('d')).found, 'absent');

  await using copy = await CacheStore.open(folder.copy());
  for (const name of ['a', 'b', 'c', 'd']) assert.deepEqual(copy.find(query(name)), store.find(query(name)), name);
});

test('a token is on the disk before it is handed out, and is given to who asked for it until it expires', async () => {
  await using folder = new TestFolder();
  const time = { now: 1000 };
  const open = (path: string) => CacheStore.open(path, { now: () => time.now });
  await using store = await open(folder.path());
  const key = { identity: 'system:node:edge-1', path: '/api/v1/namespaces/default/serviceaccounts/default/token', audiences: ['b', 'a'], boundUid: 'pod-1' };
  const token = { body: Buffer.from('{"status":{"token":"ey…"}}'), contentType: 'application/json', expiresAt: 5000 };
  assert.equal(await store.tokens.put(key, token), true);
  await using copy = await open(folder.copy());
  for (const one of [store, copy]) {
    assert.deepEqual(one.tokens.get({ ...key, audiences: ['a', 'b'] }), token);
    for (const other of [{ identity: 'x' }, { path: '/x' }, { audiences: ['a'] }, { boundUid: 'pod-2' }]) assert.equal(one.tokens.get({ ...key, ...other }), undefined);
  }
  time.now = 5000;
  assert.equal(store.tokens.get(key), undefined);
  await store.tokens.put({ ...key, boundUid: 'pod-3' }, { ...token, expiresAt: 9000 });
  assert.equal(store.summary().tokens, 1, 'what has expired is gone');
});

test('of an accepted token its hash is kept, and never the token', async () => {
  await using folder = new TestFolder();
  const time = { now: 1000 };
  const token = 'eyJhbGciOiJSUzI1NiJ9.payload.signature';
  {
    await using store = await CacheStore.open(folder.path(), { now: () => time.now });
    store.accepted.add(token, 'system:serviceaccount:kube-system:coredns', 5000);
    store.accepted.add(token, 'system:serviceaccount:kube-system:coredns', 5000);
    store.accepted.add('other', 'x', 5000);
    store.accepted.delete('other');
  }
  for (const file of readdirSync(folder.path())) assert.ok(!readFileSync(join(folder.path(), file)).includes('payload'), file);
  await using store = await CacheStore.open(folder.path(), { now: () => time.now });
  assert.deepEqual([token, 'other', 'never', ''].map((one) => store.accepted.subjectOf(one)), ['system:serviceaccount:kube-system:coredns', undefined, undefined, undefined]);
  time.now = 5001;
  assert.equal(store.accepted.subjectOf(token), undefined);
});

test('files are for their user alone, and one process uses a folder at a time', async () => {
  await using folder = new TestFolder();
  mkdirSync(folder.path(), { mode: 0o755 });
  await using store = await CacheStore.open(folder.path());
  list(store, keyOf(), [thing('a', 1)], 1);
  assert.equal(statSync(folder.path()).mode & 0o777, 0o700);
  for (const file of readdirSync(folder.path())) assert.equal(statSync(join(folder.path(), file)).mode & 0o777, 0o600, file);
  await assert.rejects(CacheStore.open(folder.path()), (error) => error instanceof CacheFolderError && /in use by another process/.test(error.message));
  writeFileSync(folder.path('file'), '');
  await assert.rejects(CacheStore.open(join(folder.path('file'), 'x')), CacheFolderError);
});

test('what another version wrote is set aside, as it was', async () => {
  await using folder = new TestFolder();
  const notices: CacheNotice[] = [];
  const told = (notice: CacheNotice): void => void notices.push(notice);
  {
    await using store = await CacheStore.open(folder.path());
    list(store, keyOf(), [thing('a', 1)], 1);
  }
  const files = readdirSync(folder.path()).sort();
  writeFileSync(join(folder.path(), 'format'), 'edge-hub cache 2\n');
  {
    await using store = await CacheStore.open(folder.path(), { told });
    assert.equal(store.read(keyOf()), undefined);
    list(store, keyOf(), [thing('b', 1)], 1);
  }
  assert.deepEqual(notices.map(({ code }) => code), ['SET_ASIDE']);
  assert.deepEqual(readdirSync(join(folder.path(), 'set-aside-1')).sort(), files);
  await using store = await CacheStore.open(folder.path(), { told });
  assert.deepEqual([names(store), notices.length], [['b'], 1]);
});

test('the same again and again takes no more room', async () => {
  await using folder = new TestFolder();
  await using store = await CacheStore.open(folder.path());
  const content = 'x'.repeat(5000);
  list(store, keyOf(), [thing('a', 1, content), thing('b', 1, content)], 1);
  using watch = store.follow(keyOf(), '1')!;
  for (let version = 2; version < 200; version += 1) {
    watch.record(frame('MODIFIED', thing(version % 2 === 0 ? 'a' : 'b', version, content)));
    watch.record(bookmark(version));
    assert.ok(store.summary().collections[0]!.bytes < 100_000);
  }
  await store.flush();
  const onDisk = readdirSync(folder.path()).reduce((sum, file) => sum + statSync(join(folder.path(), file)).size, 0);
  assert.ok(onDisk < 110_000, `${onDisk} bytes`);
  await using copy = await CacheStore.open(folder.copy());
  assert.deepEqual(copy.read(keyOf())!.objects, [thing('a', 198, content), thing('b', 199, content)]);
});

test('a full cache drops what no client used for longest, and what is the node\'s own last', async () => {
  await using folder = new TestFolder();
  const time = { now: 1 };
  const notices: CacheNotice[] = [];
  await using store = await CacheStore.open(folder.path(), { maxBytes: 100_000, ownIdentity: 'own', now: () => time.now++, told: (notice) => void notices.push(notice) });
  const content = 'x'.repeat(25_000);
  const key = (identity: string, path: string) => keyOf({ identity, path });
  list(store, key('own', '/own'), [thing('a', 1, content)], 1);
  list(store, key('other', '/first'), [thing('a', 1, content)], 1);
  list(store, key('other', '/second'), [thing('a', 1, content)], 1);
  store.read(key('other', '/first'));
  list(store, key('other', '/third'), [thing('a', 1, content)], 1);
  const there = () => store.summary().collections.map(({ path }) => path).sort();
  assert.deepEqual(there(), ['/first', '/own', '/third']);
  store.putObject({ identity: 'other', path: '/object', mediaType: 'application/json' }, podType, thing('a', 1, 'x'.repeat(40_000)));
  assert.deepEqual([there(), store.summary().objects.length], [['/own', '/third'], 1]);
  list(store, key('own', '/more'), [thing('a', 1, content)], 1);
  list(store, key('own', '/most'), [thing('a', 1, content)], 1);
  assert.deepEqual([there(), store.summary().objects.length], [['/more', '/most', '/own'], 0]);
  assert.ok(store.summary().bytes <= 100_000);
  assert.deepEqual([...new Set(notices.map(({ code }) => code))], ['EVICTED']);

  // One that takes more than half is not worth the others; what it replaces is older than what the client got.
  assert.equal(list(store, key('own', '/own'), Array.from({ length: 400 }, (_, index) => thing(`a${index}`, 2, 'x'.repeat(1000))), 2), false);
  assert.deepEqual([there(), notices.at(-1)!.code], [['/more', '/most'], 'TOO_LARGE']);
  await using copy = await CacheStore.open(folder.copy());
  assert.deepEqual(copy.summary().collections.map(({ path }) => path).sort(), ['/more', '/most']);
});

test('resourceVersions that are no numbers cannot be put in order: a watch must begin where the list is, and a list that a watch overtook ends the collection', async () => {
  await using folder = new TestFolder();
  await using store = await CacheStore.open(folder.path());
  list(store, keyOf(), [thing('a', 'x')], 'one');
  assert.equal(store.follow(keyOf(), 'two'), undefined);
  const watch = store.follow(keyOf(), 'one')!;
  watch.record(frame('ADDED', thing('b', 'two')));
  assert.deepEqual(names(store), ['a', 'b']);
  assert.equal(list(store, keyOf(), [thing('c', 'z')], 'zero'), false);
  assert.equal(store.read(keyOf()), undefined);
  watch.close();
  for (const version of ['three', 'four']) assert.equal(list(store, keyOf(), [thing('c', 'z')], version), true);
  assert.deepEqual([names(store), store.read(keyOf())!.resourceVersion], [['c'], 'four']);
});
