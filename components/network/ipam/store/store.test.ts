import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { Killed, MemoryDisk } from '../testing/memory-disk.ts';
import type { State } from '../state.ts';
import { Folder } from './disk.ts';
import { decodeState, encodeState, sealed } from './format.ts';
import { peekState, readState, stateName, writeState } from './store.ts';

const bounded = { interruptAfterTimeLimit: 4000, markInterruptAsFailure: false };
const stateOf = (changes: number, pods = 3): State => ({
  changes,
  last: ['10.0.0.9'],
  reservations: Array.from({ length: pods }, (_, index) => ({ owner: { pod: { namespace: 'default', name: `wëb-${index}`, uid: `uid-${index}` } }, ifname: 'eth0', addresses: [`10.0.0.${index + 2}`], sandboxes: [{ container: `c${changes}`, netns: '/var/run/netns/a' }], change: changes })),
});

test('what was written is read', () => {
  for (const state of [stateOf(0, 0), stateOf(7)]) assert.deepEqual(decodeState(encodeState(state)), state);
});

test('a file that was cut at any byte, or of which any byte is another, is not read', () => {
  const whole = encodeState(stateOf(1));
  for (let length = 0; length < whole.length; length += 1) assert.equal(decodeState(whole.subarray(0, length)), undefined, `cut at ${length}`);
  fc.assert(fc.property(fc.nat({ max: whole.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, flip) => {
    const other = Buffer.from(whole);
    other[at]! ^= flip;
    assert.equal(decodeState(other), undefined);
  }), bounded);
  assert.equal(decodeState(Buffer.concat([whole, whole])), undefined);
  assert.equal(decodeState(Buffer.alloc(whole.length)), undefined);
});

test('a file of another version is not read as one of this', () => {
  assert.deepEqual(decodeState(sealed({ version: 1, ...stateOf(1) })), stateOf(1));
  assert.equal(decodeState(sealed({ version: 2, ...stateOf(1) })), undefined);
});

/** @returns whether it came to its end */
function writeUntilKilled(disk: MemoryDisk, state: State, steps: number): boolean {
  disk.stepsLeft = steps;
  try {
    writeState(disk, state);
    return true;
  } catch (error) {
    assert.ok(error instanceof Killed);
    return false;
  }
}

test('a process that is killed at any step leaves the state before or the one that it was writing', () => {
  const steps = fc.double({ min: 0, max: 8, noNaN: true });
  fc.assert(fc.property(fc.array(steps, { minLength: 1, maxLength: 6 }), (kills) => {
    const disk = new MemoryDisk();
    let before: State | undefined;
    for (const [index, after] of kills.entries()) {
      const next = stateOf(index + 1);
      const returned = writeUntilKilled(disk, next, after);
      disk.stepsLeft = Infinity;
      const read = readState(disk);
      const state = read.kind === 'read' ? read.state : undefined;
      assert.notEqual(read.kind, 'damaged');
      assert.ok(returned ? same(state, next) : same(state, next) || same(state, before));
      before = state;
    }
  }), bounded);
});

test('after a power cut at any step it is one of the two too, and the one that was written if that had returned', () => {
  fc.assert(fc.property(fc.array(fc.double({ min: 0, max: 6, noNaN: true }), { minLength: 1, maxLength: 5 }), fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true })), (kills, chances) => {
    const disk = new MemoryDisk();
    let before: State | undefined;
    for (const [index, after] of kills.entries()) {
      const next = stateOf(index + 1);
      const returned = writeUntilKilled(disk, next, after);
      disk.cutPower(() => chances.next().value!);
      const read = readState(disk);
      const state = read.kind === 'read' ? read.state : undefined;
      assert.notEqual(read.kind, 'damaged');
      assert.ok(returned ? same(state, next) : same(state, next) || same(state, before));
      before = state;
    }
  }), bounded);
});

const same = (a: State | undefined, b: State | undefined): boolean => JSON.stringify(a) === JSON.stringify(b);

test('a damaged file gets a name of its own and stays, each time', () => {
  const disk = new MemoryDisk();
  for (const number of [1, 2]) {
    disk.replace(stateName, Buffer.from(`damage ${number}`));
    assert.equal(peekState(disk), undefined);
    assert.deepEqual(readState(disk), { kind: 'damaged', setAside: `${stateName}.damaged-${number}` });
    assert.deepEqual(readState(disk), { kind: 'lost' });
  }
  assert.deepEqual(disk.files.map((name) => disk.read(name)!.toString()), ['damage 1', 'damage 2']);
});

test('on a real disk: files are their user\'s alone, and no draft is left', () => {
  const root = mkdtempSync(join(tmpdir(), 'edge-ipam-'));
  try {
    const disk = new Folder(join(root, 'a', 'b'));
    assert.deepEqual(readState(disk), { kind: 'lost' });
    writeState(disk, stateOf(1));
    writeState(disk, stateOf(2));
    assert.deepEqual(readState(new Folder(disk.path)), { kind: 'read', state: stateOf(2) });
    assert.deepEqual(readdirSync(disk.path), [stateName]);
    assert.equal(statSync(join(disk.path, stateName)).mode & 0o777, 0o600);
    for (const folder of ['a', 'a/b']) assert.equal(statSync(join(root, folder)).mode & 0o777, 0o700);
    writeFileSync(join(disk.path, stateName), 'x');
    chmodSync(join(disk.path, stateName), 0o600);
    assert.equal(readState(disk).kind, 'damaged');
    assert.equal(readFileSync(join(disk.path, `${stateName}.damaged-1`), 'utf8'), 'x');
  } finally {
    rmSync(root, { recursive: true });
  }
});
