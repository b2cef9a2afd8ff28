import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { CollectionKey } from './keys.ts';
import type { Follower } from './follower.ts';
import type { Replacement } from './replacement.ts';
import { CacheStore } from './store.ts';
import { TestFolder } from './testing/folder.ts';
import { bookmark, frame, keyOf, podType, stateOf, thing, type State } from './testing/things.ts';
import type { WatchFrame } from '../wire/index.ts';

const names = ['a', 'b', 'c', 'd', 'e', 'f'];
const keys: readonly CollectionKey[] = [keyOf(), keyOf({ identity: 'system:serviceaccount:kube-system:flannel' })];

/** What a client that goes through the hub does, and what happens to it. Numbers choose among what there is. */
type Step =
  | { readonly do: 'change'; readonly name: number; readonly deletes: boolean; readonly large: boolean }
  | { readonly do: 'list'; readonly key: number; readonly age: number }
  | { readonly do: 'item' | 'commit' | 'abort'; readonly which: number }
  | { readonly do: 'watch'; readonly key: number; readonly age: number }
  | { readonly do: 'event' | 'bookmark' | 'end'; readonly which: number }
  | { readonly do: 'drop'; readonly key: number }
  | { readonly do: 'reopen' | 'kill' | 'flush' };

const nat = fc.nat({ max: 1000 });
const record = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> => fc.record<T>(model, { noNullPrototype: true });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: record({ do: fc.constant('change' as const), name: nat, deletes: fc.boolean(), large: fc.boolean() }) },
  { weight: 3, arbitrary: record({ do: fc.constant('list' as const), key: nat, age: fc.nat({ max: 3 }) }) },
  { weight: 8, arbitrary: record({ do: fc.constantFrom('item' as const, 'item' as const, 'commit' as const, 'commit' as const, 'abort' as const), which: nat }) },
  { weight: 3, arbitrary: record({ do: fc.constant('watch' as const), key: nat, age: fc.integer({ min: -1, max: 3 }) }) },
  { weight: 12, arbitrary: record({ do: fc.constantFrom('event' as const, 'event' as const, 'event' as const, 'bookmark' as const, 'end' as const), which: nat }) },
  { weight: 1, arbitrary: record({ do: fc.constant('drop' as const), key: nat }) },
  { weight: 2, arbitrary: record({ do: fc.constantFrom('reopen' as const, 'kill' as const, 'flush' as const) }) },
);

/** The API server: every state that it had, and every change. */
class Server {
  readonly states: Record<string, string>[] = [{}, {}];
  readonly changes: (WatchFrame & { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' })[] = [];

  get version(): number {
    return this.states.length - 1;
  }

  change(name: string, deletes: boolean, content: string): void {
    const state = this.states.at(-1)!;
    const key = `default/${name}`;
    if (deletes && state[key] === undefined) return;
    const object = thing(name, this.version + 1, content);
    const { [key]: _, ...others } = state;
    this.states.push(deletes ? others : { ...state, [key]: object.raw.toString() });
    this.changes.push(frame(deletes ? 'DELETED' : state[key] === undefined ? 'ADDED' : 'MODIFIED', object) as Server['changes'][number]);
  }
}

interface Watch {
  readonly follower: Follower;
  position: number;
}

/** Whatever happens, a collection that is there is what the server had at the resourceVersion that it names. */
async function carryOut(steps: readonly Step[]): Promise<void> {
  await using folder = new TestFolder();
  const options = { syncAfterMs: 1 };
  let store = await CacheStore.open(folder.path(), options);
  try {
    const server = new Server();
    let lists: { readonly key: CollectionKey; readonly version: number; readonly items: string[]; readonly replacement: Replacement }[] = [];
    let watches: Watch[] = [];
    const known = new Map<CollectionKey, number>();
    const pick = <T>(all: readonly T[], which: number): T | undefined => all[which % all.length];
    for (const one of steps) {
      if (one.do === 'change') server.change(pick(names, one.name)!, one.deletes, one.large ? 'x'.repeat(20_000) : '');
      else if (one.do === 'list') {
        const version = Math.max(1, server.version - one.age);
        const key = pick(keys, one.key)!;
        lists.push({ key, version, items: Object.keys(server.states[version]!), replacement: store.begin(key) });
      } else if (one.do === 'item' || one.do === 'commit' || one.do === 'abort') {
        const which = pick(lists, one.which);
        if (which === undefined) continue;
        const { key, version, items, replacement } = which;
        const put = (item: string): void => { const raw = Buffer.from(server.states[version]![item]!); replacement.put({ ...thing(item.split('/')[1]!, 0), raw, resourceVersion: (JSON.parse(raw.toString()) as { metadata: { resourceVersion: string } }).metadata.resourceVersion }); };
        if (one.do === 'item') {
          if (items.length > 0) put(items.shift()!);
          continue;
        }
        lists = lists.filter((list) => list !== which);
        if (one.do === 'abort') {
          replacement.abort();
          continue;
        }
        for (const item of items) put(item);
        assert.equal(replacement.commit({ type: podType, resourceVersion: String(version) }), true);
        known.set(key, version);
      } else if (one.do === 'watch') {
        const key = pick(keys, one.key)!;
        // Clients watch from what they were given, and sometimes from what the cache has not.
        const position = Math.min(server.version, Math.max(1, Number(stateOf(store, key)?.resourceVersion ?? server.version) - one.age));
        const follower = store.follow(key, String(position));
        if (follower !== undefined) watches.push({ follower, position });
      } else if (one.do === 'event' || one.do === 'bookmark' || one.do === 'end') {
        const watch = pick(watches, one.which);
        if (watch === undefined) continue;
        if (one.do === 'end') {
          watch.follower.close();
          watches = watches.filter((other) => other !== watch);
        } else if (one.do === 'bookmark') {
          // A bookmark comes behind all that happened before it.
          for (; watch.position < server.version; watch.position += 1) watch.follower.record(server.changes[watch.position - 1]!);
          watch.follower.record(bookmark(watch.position));
        } else if (watch.position < server.version) {
          watch.follower.record(server.changes[watch.position - 1]!);
          watch.position += 1;
        }
      } else if (one.do === 'drop') {
        store.drop(pick(keys, one.key)!);
        known.delete(pick(keys, one.key)!);
      } else if (one.do === 'flush') await store.flush();
      else {
        const before = keys.map((key) => store.read(key));
        const path = one.do === 'kill' ? folder.copy() : folder.path();
        if (one.do === 'reopen') {
          await store[Symbol.asyncDispose]();
          lists = [];
          watches = [];
        }
        const opened = await CacheStore.open(path, options);
        if (one.do === 'reopen') store = opened;
        const after = keys.map((key) => opened.read(key));
        if (one.do === 'kill') await opened[Symbol.asyncDispose]();
        assert.deepEqual(after, before);
      }
      for (const key of keys) check(stateOf(store, key), server, known.has(key), key);
    }
  } finally {
    await store[Symbol.asyncDispose]();
  }
}

function check(state: State | undefined, server: Server, there: boolean, { identity }: CollectionKey): void {
  assert.equal(state !== undefined, there, identity);
  if (state !== undefined) assert.deepEqual(state.objects, server.states[Number(state.resourceVersion)], `${identity} at ${state.resourceVersion}`);
}

test('whatever lists, watches and restarts do, a collection is what the server had at the resourceVersion that it names', async () => {
  // EDGEPROOF_MODEL_RUNS: for a long search. A failure says how to replay it.
  const numRuns = Number(process.env['EDGEPROOF_MODEL_RUNS'] ?? 150);
  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 60, size: 'max' }), carryOut), { numRuns, endOnFailure: false, interruptAfterTimeLimit: numRuns > 150 ? 300_000 : 10_000, markInterruptAsFailure: false });
});
