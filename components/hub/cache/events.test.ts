import assert from 'node:assert/strict';
import { statSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { mostEventBytes, mostEvents, type KeptEvent } from './events.ts';
import { CacheStore } from './store.ts';
import { TestFolder } from './testing/folder.ts';

const event = (name: string, body: string | Buffer = name, goesOn = false): KeptEvent => ({ path: '/api/v1/namespaces/default/events', name, goesOn, contentType: 'application/json', body: Buffer.from(body) });

const drain = (store: CacheStore): string[] => {
  const names: string[] = [];
  for (let one = store.events.first(); one !== undefined; one = store.events.first()) {
    names.push(`${one.name}=${String(one.body)}${one.goesOn ? '+' : ''}`);
    store.events.delete(one);
  }
  return names;
};

test('events are there for the next process, in their order, one of each name, for their user alone', async () => {
  await using folder = new TestFolder();
  {
    await using store = await CacheStore.open(folder.path());
    for (const one of [event('a', '1', true), event('b'), event('c'), event('a', '2')]) store.events.put(one);
    const first = store.events.first()!;
    assert.equal(first.name, 'b');
    store.events.put(event('b', 'again'));
    store.events.delete(first);
    for (const name of readdirSync(folder.path())) assert.equal(statSync(join(folder.path(), name)).mode & 0o077, 0, name);
    // As a SIGKILL leaves it.
    await using copy = await CacheStore.open(folder.copy());
    assert.equal(copy.events.size, 3);
    assert.equal(copy.events.bytes, store.events.bytes);
  }
  await using store = await CacheStore.open(folder.path());
  assert.deepEqual(drain(store), ['c=c', 'a=2+', 'b=again']);
  assert.deepEqual([store.events.size, store.events.bytes], [0, 0]);
});

test('the oldest go first when there are too many, or too large ones', async () => {
  await using folder = new TestFolder();
  await using store = await CacheStore.open(folder.path());
  for (let count = 0; count < mostEvents + 2; count += 1) store.events.put(event(`e${count}`));
  assert.deepEqual([store.events.size, store.events.dropped, store.events.first()?.name], [mostEvents, 2, 'e2']);
  store.events.put(event('large', Buffer.alloc(mostEventBytes - 3)));
  assert.deepEqual([store.events.size, store.events.bytes], [1, mostEventBytes - 3]);
});
