import { createHash } from 'node:crypto';
import { writeSync } from 'node:fs';
import { CacheStore } from '../store.ts';
import { bookmark, frame, keyOf, list, podType, stateOf, thing, type State } from './things.ts';

/** What the process of {@link main} works on. */
const writerKeys = [keyOf(), keyOf({ path: '/api/v1/secrets' })];
const objectKey = { identity: 'system:node:edge-1', path: '/api/v1/nodes/edge-1', mediaType: 'application/json' };
const tokenKey = { identity: 'system:node:edge-1', path: '/token', audiences: [], boundUid: 'pod' };

type Everything = { readonly collections: readonly (State | null)[]; readonly object: string; readonly token: string };

/** All that the store has, as plain data. */
export function everythingOf(store: CacheStore): Everything {
  const found = store.find({ ...objectKey, namespace: 'default', name: 'edge-1', collections: [] });
  return { collections: writerKeys.map((key) => stateOf(store, key) ?? null), object: found.found === 'object' ? found.object.raw.toString() : '', token: store.tokens.get(tokenKey)?.body.toString() ?? '' };
}

/** Short, and different for what is different, the order of objects included. */
export const digestOf = (everything: Everything): string => createHash('sha256').update(JSON.stringify(everything)).digest('hex').slice(0, 16);

const random = (below: number): number => Math.floor(Math.random() * below);
const content = (): string => 'x'.repeat(random(4) === 0 ? 30_000 : random(300));

/**
 * Changes a cache at random until it is killed. Before each change it says on its standard output what there will be, and after it, that it is stored.
 *
 * @param folder the cache
 */
async function main(folder: string): Promise<void> {
  const store = await CacheStore.open(folder);
  let now = everythingOf(store);
  for (let version = Math.max(1, ...now.collections.map((state) => Number(state?.resourceVersion ?? 1))) + 1; ; version += 1) {
    const { next, change } = changeOf(store, now, version);
    writeSync(1, `next ${digestOf(next)}\n`);
    await change();
    now = next;
    writeSync(1, `done ${digestOf(now)}\n`);
  }
}

function changeOf(store: CacheStore, now: Everything, version: number): { readonly next: Everything; readonly change: () => unknown } {
  const index = random(writerKeys.length);
  const key = writerKeys[index]!;
  const state = now.collections[index] ?? null;
  const with_ = (changed: State | null): Everything => ({ ...now, collections: now.collections.map((one, at) => (at === index ? changed : one)) });
  const kind = random(10);
  if (kind === 0) {
    const object = thing('edge-1', version, content());
    return { next: { ...now, object: object.raw.toString() }, change: () => store.putObject(objectKey, podType, object) };
  }
  if (kind === 1) {
    const body = Buffer.from(`token ${version}`);
    return { next: { ...now, token: body.toString() }, change: () => store.tokens.put(tokenKey, { body, contentType: 'application/json', expiresAt: Date.now() + 3_600_000 }) };
  }
  if (state === null || kind === 2) {
    const objects = Array.from({ length: random(25) }, (_, at) => thing(`p${at}`, version, content()));
    return { next: with_({ resourceVersion: String(version), objects: Object.fromEntries(objects.map((object) => [`default/${object.name}`, object.raw.toString()])) }), change: () => list(store, key, objects, version) };
  }
  const record = (one: Parameters<typeof bookmark>[0] | ReturnType<typeof frame>) => () => {
    using watch = store.follow(key, state.resourceVersion)!;
    watch.record(typeof one === 'object' ? one : bookmark(one));
  };
  if (kind === 3) return { next: with_({ ...state, resourceVersion: String(version) }), change: record(version) };
  const name = `p${random(25)}`;
  const { [`default/${name}`]: before, ...others } = state.objects;
  if (kind === 4 && before !== undefined) return { next: with_({ resourceVersion: String(version), objects: others }), change: record(frame('DELETED', thing(name, version))) };
  const object = thing(name, version, content());
  return { next: with_({ resourceVersion: String(version), objects: { ...state.objects, [`default/${name}`]: object.raw.toString() } }), change: record(frame('MODIFIED', object)) };
}

if (process.argv[1] === import.meta.filename) await main(process.argv[2]!);
