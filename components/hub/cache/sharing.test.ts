import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CollectionKey } from './keys.ts';
import { CacheStore } from './store.ts';
import { TestFolder } from './testing/folder.ts';
import { frame, keyOf, list, podType, thing } from './testing/things.ts';

const [kubelet, proxy] = [keyOf(), keyOf({ identity: 'system:serviceaccount:kube-system:kube-proxy', fieldSelector: 'spec.clusterIP!=None' })];
const raws = (store: CacheStore, key: CollectionKey): Buffer[] => store.read(key)!.objects.map(({ raw }) => raw);

test('what two clients were given alike is in memory once, also for the next process', async () => {
  await using folder = new TestFolder();
  {
    await using store = await CacheStore.open(folder.path());
    list(store, kubelet, [thing('a', 1), thing('b', 2)], 2);
    list(store, proxy, [thing('b', 2), thing('a', 3, 'newer')], 3);
    assert.equal(raws(store, proxy)[0], raws(store, kubelet)[1]);
    assert.notDeepEqual(raws(store, proxy)[1], raws(store, kubelet)[0]);
  }
  await using store = await CacheStore.open(folder.path());
  assert.equal(raws(store, proxy)[0], raws(store, kubelet)[1]);
  assert.deepEqual(store.read(proxy)!.objects, [thing('b', 2), thing('a', 3, 'newer')]);
  assert.deepEqual(store.read(kubelet)!.objects, [thing('a', 1), thing('b', 2)]);
});

test('lists that come in beside each other, and what watches bring, are shared too', async () => {
  await using folder = new TestFolder();
  await using store = await CacheStore.open(folder.path());
  const [first, second] = [store.begin(kubelet), store.begin(proxy)];
  for (const replacement of [first, second]) replacement.put(thing('a', 1));
  for (const replacement of [first, second]) replacement.commit({ type: podType, resourceVersion: '1' });
  assert.equal(raws(store, proxy)[0], raws(store, kubelet)[0]);
  using one = store.follow(kubelet, '1')!;
  using other = store.follow(proxy, '1')!;
  for (const watch of [one, other]) watch.record(frame('MODIFIED', thing('a', 2, 'new')));
  assert.equal(raws(store, proxy)[0], raws(store, kubelet)[0]);
  one.record(frame('DELETED', thing('a', 3)));
  assert.deepEqual([raws(store, kubelet), store.read(proxy)!.objects], [[], [thing('a', 2, 'new')]]);
});

test('another path or encoding is another thing, and what is dropped takes nothing from others', async () => {
  await using folder = new TestFolder();
  await using store = await CacheStore.open(folder.path());
  const others = [keyOf({ path: '/api/v1/nodes' }), keyOf({ mediaType: 'application/vnd.kubernetes.protobuf' })];
  for (const key of [kubelet, proxy, ...others]) list(store, key, [thing('a', 1)], 1);
  for (const key of others) assert.notEqual(raws(store, key)[0], raws(store, kubelet)[0]);
  store.drop(kubelet);
  assert.deepEqual(store.read(proxy)!.objects, [thing('a', 1)]);
  list(store, kubelet, [thing('a', 1)], 1);
  assert.equal(raws(store, kubelet)[0], raws(store, proxy)[0]);
});
