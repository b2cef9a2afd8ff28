import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import fc from 'fast-check';
import type { CacheNotice } from './notice.ts';
import { CacheStore } from './store.ts';
import { TestFolder } from './testing/folder.ts';
import { frame, keyOf, list, stateOf, thing, type State } from './testing/things.ts';
import { digestOf, everythingOf } from './testing/writer.ts';

const writer = join(import.meta.dirname, 'testing', 'writer.ts');

/** Lets a process write until it has said so many lines, and kills it. @returns what it had said by then, in order */
async function writeAndDie(folder: string, lines: number): Promise<string[]> {
  const child = spawn(process.execPath, [writer, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  const closed = once(child, 'close');
  const said: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    said.push(line);
    if (said.length === lines) child.kill('SIGKILL');
  }
  await closed;
  return said;
}

test('a process that is killed while it writes has stored all that it said, and nothing by halves', async (t) => {
  // EDGEPROOF_KILLS: for a long search.
  const kills = Number(process.env['EDGEPROOF_KILLS'] ?? 25);
  await using folder = new TestFolder();
  const until = performance.now() + (kills > 25 ? 600_000 : 8_000);
  let done = 0;
  for (; done < kills && performance.now() < until; done += 1) {
    const said = await writeAndDie(folder.path(), 1 + Math.floor(Math.random() * 120));
    const notices: CacheNotice[] = [];
    await using store = await CacheStore.open(folder.path(), { told: (notice) => void notices.push(notice) });
    const found = digestOf(everythingOf(store));
    // What it had begun to do may be there or not, but whole.
    const stored = said.findLast((line) => line.startsWith('done '));
    const begun = said.at(-1)!.startsWith('next ') ? [said.at(-1)!] : [];
    const possible = [...(stored === undefined ? [] : [stored]), ...begun].map((line) => line.slice(5));
    if (stored !== undefined) assert.ok(possible.includes(found), `after ${done} kills: found ${found}, and it said ${said.slice(-4).join(', ')}`);
    assert.deepEqual(notices.filter(({ code }) => code !== 'TAIL_CUT'), []);
  }
  t.diagnostic(`${done} kills`);
});

/** A collection with a list and some changes, and every state that it had. */
async function history(folder: TestFolder, { synced }: { readonly synced: boolean }): Promise<{ readonly states: State[]; readonly files: Readonly<Record<string, Buffer>> }> {
  const states: State[] = [];
  const path = folder.path(`history-${synced}`);
  const store = await CacheStore.open(path, { syncAfterMs: 1_000_000 });
  const note = (): void => void states.push(stateOf(store, keyOf())!);
  list(store, keyOf(), [thing('a', 1), thing('b', 2)], 2);
  note();
  if (!synced) list(store, keyOf(), [thing('a', 3), thing('c', 4, 'ü')], 4);
  if (!synced) note();
  using watch = store.follow(keyOf(), store.read(keyOf())!.resourceVersion)!;
  for (const one of [frame('ADDED', thing('d', 5)), frame('DELETED', thing('a', 6)), frame('MODIFIED', thing('d', 7, 'x'.repeat(50)))]) {
    watch.record(one);
    note();
  }
  if (synced) await store.flush();
  const files = Object.fromEntries(readdirSync(path).map((file) => [file, readFileSync(join(path, file))]));
  await store[Symbol.asyncDispose]();
  return { states, files };
}

/** The collection's files, the newest generation first. */
const generationsOf = (files: Readonly<Record<string, Buffer>>): string[] => Object.keys(files).filter((file) => /^[0-9a-f]{32}\./.test(file)).sort().reverse();

async function stateIn(folder: TestFolder, files: Readonly<Record<string, Buffer>>): Promise<{ readonly state: State | undefined; readonly codes: string[] }> {
  const path = folder.path('damaged');
  rmSync(path, { recursive: true, force: true });
  mkdirSync(path);
  for (const [file, content] of Object.entries(files)) writeFileSync(join(path, file), content);
  const codes: string[] = [];
  await using store = await CacheStore.open(path, { told: ({ code }) => void codes.push(code) });
  const state = stateOf(store, keyOf());
  // What was cut off or dropped is not found again.
  await using again = await (async () => { const copy = folder.copy('damaged'); return await CacheStore.open(copy, { told: () => assert.fail('told again') }); })();
  assert.deepEqual(stateOf(again, keyOf()), state);
  return { state, codes };
}

test('a file that ends anywhere is what it was at some time before, or not there', async () => {
  await using folder = new TestFolder();
  const { states, files } = await history(folder, { synced: true });
  const [file] = generationsOf(files);
  const whole = files[file!]!;
  let last = -1;
  for (let bytes = 0; bytes <= whole.length; bytes += bytes % 7 === 0 ? 3 : 2) {
    const { state, codes } = await stateIn(folder, { ...files, [file!]: whole.subarray(0, bytes) });
    const index = state === undefined ? -1 : states.findIndex((one) => JSON.stringify(one) === JSON.stringify(state));
    assert.ok((state === undefined) === (index < 0) && index >= last, `${bytes} bytes: state ${index} after ${last}`);
    last = index;
    assert.ok(codes.every((code) => code === 'TAIL_CUT' || (code === 'DAMAGED' && bytes < 16)), codes.join());
  }
  assert.equal(last, states.length - 1);
});

test('a bit that flips anywhere in what the disk had drops the collection, and never changes it', async () => {
  await using folder = new TestFolder();
  const { states, files } = await history(folder, { synced: true });
  const [file] = generationsOf(files);
  const whole = files[file!]!;
  // The last record says that all before it was synced; without it, the file still is what it was.
  const noteAt = whole.lastIndexOf('{"bytes":') - 23;
  await fc.assert(fc.asyncProperty(fc.nat({ max: whole.length - 1 }), fc.nat({ max: 7 }), async (at, bit) => {
    const damaged = Buffer.from(whole);
    damaged[at]! ^= 1 << bit;
    const { state, codes } = await stateIn(folder, { ...files, [file!]: damaged });
    assert.deepEqual(state, at < noteAt ? undefined : states.at(-1));
    assert.deepEqual(codes, [at < noteAt ? 'DAMAGED' : 'TAIL_CUT']);
  }), { numRuns: 120 });
});

test('a power cut that leaves a new file without its content, or with a part of it, leaves the older one', async () => {
  await using folder = new TestFolder();
  const { states, files } = await history(folder, { synced: false });
  const [newer, older] = generationsOf(files);
  assert.ok(newer !== undefined && older !== undefined);
  const whole = files[newer]!;
  const possible = new Set(states.map((state) => JSON.stringify(state)));
  await fc.assert(fc.asyncProperty(fc.nat({ max: whole.length }), fc.nat({ max: whole.length }), fc.constantFrom('cut', 'zeros', 'hole'), async (at, length, how) => {
    const damaged = Buffer.from(whole);
    if (how !== 'cut') damaged.fill(0, at, how === 'zeros' ? damaged.length : Math.min(damaged.length, at + length));
    const { state } = await stateIn(folder, { ...files, [newer]: how === 'cut' ? damaged.subarray(0, at) : damaged });
    assert.ok(state !== undefined && possible.has(JSON.stringify(state)), JSON.stringify(state));
  }), { numRuns: 120 });
  // With neither there is nothing, rather than an empty collection.
  assert.equal((await stateIn(folder, { ...files, [newer]: Buffer.alloc(0), [older]: Buffer.alloc(0) })).state, undefined);
});

test('a table of another file is not taken for one of its own', async () => {
  await using folder = new TestFolder();
  const { files } = await history(folder, { synced: true });
  const [file] = generationsOf(files);
  const stranger = folder.path('stranger');
  {
    await using store = await CacheStore.open(stranger);
    list(store, keyOf(), [thing('x', 9)], 9);
  }
  const [other] = readdirSync(stranger).filter((name) => /^[0-9a-f]{32}\./.test(name));
  const foreign = readFileSync(join(stranger, other!));
  copyFileSync(join(stranger, other!), folder.path('kept'));
  // The records of another file behind those of this one, as a disk may give a file blocks that were another's.
  const { state, codes } = await stateIn(folder, { ...files, [file!]: Buffer.concat([files[file!]!, foreign.subarray(16)]) });
  assert.deepEqual([Object.keys(state!.objects), codes], [['default/b', 'default/d'], ['TAIL_CUT']]);
});
