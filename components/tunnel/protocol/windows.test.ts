import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CreditBudget } from './budget.ts';
import { Company } from './company.ts';
import { defaultSessionConfig } from './config.ts';
import { ProtocolError } from './errors.ts';
import { maxCredit } from './frame.ts';
import { Pieces } from './pieces.ts';
import { ReceiveWindow } from './receive-window.ts';
import { SendWindow } from './send-window.ts';
import { noise, random } from './testing/random.ts';

const KiB = 1024;

const defaults = { initialBytes: 64 * KiB, maxBytes: 1024 * KiB, sharedBytes: 128 * KiB, shared: () => false, roundTripMs: () => 10, now: () => 0 };

/** A window with a clock that stands still until it is moved. Round trips take 10 ms; it is alone until it is said to share. */
function windowOf(budget: CreditBudget): { window: ReceiveWindow; clock: { ms: number; shared: boolean } } {
  const clock = { ms: 0, shared: false };
  const window = ReceiveWindow.open(1, { ...defaults, budget, shared: () => clock.shared, now: () => clock.ms });
  assert.ok(window);
  return { window, clock };
}

/** Takes all that is allowed and passes it on at once. @returns the credit that came back */
function fill(window: ReceiveWindow): number {
  const bytes = window.outstandingBytes;
  window.received(bytes);
  return window.drained(bytes);
}

test('credit comes back in halves of the window, and only for bytes that were passed on', () => {
  const { window, clock } = windowOf(new CreditBudget(1024 * KiB));
  clock.ms = 1000; // slow: no growth
  window.received(64 * KiB);
  assert.equal(window.outstandingBytes, 0);
  assert.throws(() => window.received(1), ProtocolError);
  assert.equal(window.drained(32 * KiB - 1), 0);
  assert.equal(window.drained(1), 32 * KiB);
  assert.equal(window.outstandingBytes, 32 * KiB);
});

test('a window that is emptied within two round trips doubles, up to its cap', () => {
  const budget = new CreditBudget(100 * 1024 * KiB);
  const { window, clock } = windowOf(budget);
  for (const expected of [128, 256, 512, 1024, 1024]) {
    clock.ms += 20;
    fill(window);
    assert.equal(window.windowBytes, expected * KiB);
    assert.equal(window.outstandingBytes, expected * KiB);
    assert.equal(budget.usedBytes, expected * KiB);
  }
  window.release();
  window.release();
  assert.equal(budget.usedBytes, 0);
});

test('a window that takes longer than two round trips stays', () => {
  const { window, clock } = windowOf(new CreditBudget(1024 * KiB));
  clock.ms = 21;
  assert.equal(fill(window), 64 * KiB);
  assert.equal(window.windowBytes, 64 * KiB);
});

test('a stream that is not alone has no more under way than it needs, and gets its window back when it is', () => {
  const budget = new CreditBudget(100 * 1024 * KiB);
  const { window, clock } = windowOf(budget);
  for (let turn = 0; turn < 4; turn += 1) {
    clock.ms += 20;
    fill(window);
  }
  assert.equal(window.outstandingBytes, 1024 * KiB);
  clock.shared = true;
  clock.ms += 10_000; // slow: its rate fills nothing
  for (let turn = 0; turn < 20; turn += 1) {
    clock.ms += 1000;
    fill(window);
    // What is held back stays its own: the peer may get it at any time.
    assert.deepEqual([window.windowBytes, budget.usedBytes], [1024 * KiB, 1024 * KiB]);
  }
  assert.equal(window.outstandingBytes, 128 * KiB);
  clock.shared = false;
  clock.ms += 1000;
  fill(window);
  assert.equal(window.outstandingBytes, 1024 * KiB);
});

test('credit is held back down to nothing at most, never taken', () => {
  const { window, clock } = windowOf(new CreditBudget(100 * 1024 * KiB));
  for (let turn = 0; turn < 4; turn += 1) fill(window);
  clock.shared = true;
  clock.ms = 100_000;
  window.received(600 * KiB);
  assert.equal(window.drained(600 * KiB), 0);
  assert.equal(window.outstandingBytes, 424 * KiB);
});

test('on a long way a stream that shares keeps what its rate fills in a round trip', () => {
  for (const [tripsForAWindow, expected] of [[1, 1024], [2, 1024], [8, 512]] as const) {
    const clock = { ms: 0 };
    const window = ReceiveWindow.open(1, { ...defaults, initialBytes: 1024 * KiB, budget: new CreditBudget(100 * 1024 * KiB), roundTripMs: () => 100, shared: () => true, now: () => clock.ms })!;
    const bytesPerMs = window.windowBytes / (tripsForAWindow * 100);
    for (let turn = 0; turn < 60; turn += 1) {
      clock.ms += window.outstandingBytes / bytesPerMs;
      fill(window);
    }
    const seen = window.outstandingBytes / KiB;
    assert.ok(seen <= expected && seen > 0.9 * expected, `${tripsForAWindow}: ${seen} KiB`);
  }
});

test('on a long way a stream that shares comes to a window that it needs, soon', () => {
  const clock = { ms: 0 };
  const window = ReceiveWindow.open(1, { ...defaults, budget: new CreditBudget(100 * 1024 * KiB), roundTripMs: () => 100, shared: () => true, now: () => clock.ms })!;
  // Nothing but the window holds it back: half of it is under way while the other half is passed on.
  let turns = 0;
  for (; window.windowBytes < 1024 * KiB; turns += 1) {
    clock.ms += 75;
    const half = Math.ceil(window.outstandingBytes / 2);
    window.received(half);
    window.drained(half);
    assert.ok(turns < 40, `${window.windowBytes / KiB} KiB after ${clock.ms} ms`);
  }
});

test('thousands of idle streams fit: each new one starts with as much less as there is less room', () => {
  const { initialWindowBytes: initialBytes, maxWindowBytes: maxBytes, sessionMemoryBytes } = defaultSessionConfig;
  const all = new CreditBudget(256 * 1024 * KiB);
  const fill = (budget: CreditBudget): number => {
    for (let streams = 0; ; streams += 1) if (ReceiveWindow.open(1, { ...defaults, initialBytes, maxBytes, budget }) === undefined) return streams;
  };
  const [first, second] = [fill(new CreditBudget(sessionMemoryBytes, all)), fill(new CreditBudget(sessionMemoryBytes, all))];
  assert.ok(first > 900 && second > 900, `${first}, ${second}`);
});

test('a stream has company while another one was active within a second', () => {
  const company = new Company();
  assert.equal(company.hasOther(2, 0), false);
  company.saw(2, 0);
  company.saw(2, 500);
  assert.deepEqual([company.hasOther(2, 500), company.hasOther(4, 500)], [false, true]);
  company.saw(4, 600);
  assert.deepEqual([company.hasOther(2, 1599), company.hasOther(4, 1499), company.hasOther(4, 1500), company.hasOther(2, 1600)], [true, true, false, false]);
});

test('growth leaves half of the budget, its own and the shared one, to streams that are still to come', () => {
  for (const budget of [new CreditBudget(512 * KiB), new CreditBudget(8192 * KiB, new CreditBudget(512 * KiB))]) {
    const { window } = windowOf(budget);
    for (let turn = 0; turn < 5; turn += 1) fill(window);
    assert.equal(window.windowBytes, 256 * KiB);
    const others = Array.from({ length: 4 }, () => windowOf(budget).window);
    assert.deepEqual(others.map(({ windowBytes }) => windowBytes / KiB), [32, 28, 24.5, 21.4375]);
    for (const one of [window, ...others]) one.release();
    assert.equal(budget.usedBytes, 0);
  }
});

test('where there is little room a window starts small, and where there is none it does not', () => {
  const budget = new CreditBudget(64 * KiB + 40 * KiB);
  const [first, second] = [windowOf(budget).window, windowOf(budget).window];
  assert.deepEqual([first.windowBytes, second.windowBytes], [64 * KiB, Math.floor((64 * KiB * 40) / 104)]);
  assert.equal(ReceiveWindow.open(1, { ...defaults, budget }), undefined);
  second.release();
  assert.equal(windowOf(budget).window.windowBytes, Math.floor((64 * KiB * 40) / 104));
});

test('what the shared budget refuses, a session has not taken', () => {
  const shared = new CreditBudget(100);
  const [one, other] = [new CreditBudget(80, shared), new CreditBudget(80, shared)];
  assert.deepEqual([one.take(80), other.take(30), other.take(20), one.take(1)], [true, false, true, false]);
  assert.deepEqual([one.usedBytes, other.usedBytes, shared.usedBytes], [80, 20, 100]);
  one.give(80);
  other.give(20);
  assert.equal(shared.usedBytes, 0);
});

test('no more credit than any peer can mean', () => {
  const send = new SendWindow();
  send.add(maxCredit);
  assert.throws(() => send.add(1), ProtocolError);
  send.spend(1);
  send.add(1);
  assert.equal(send.credit, maxCredit);
});

test('pieces keep their bytes and their order, and small ones are joined', () => {
  const next = random(7);
  const source = noise(200_000, 7);
  const pieces = new Pieces();
  const out: Buffer[] = [];
  let at = 0;
  while (at < source.length) {
    const size = Math.ceil(2 ** (next() * 8));
    pieces.push(source.subarray(at, at + size));
    at += size;
    if (next() < 0.05) out.push(pieces.take(Math.ceil(next() * 2000)));
  }
  while (pieces.bytes > 0) out.push(pieces.take(5000));
  assert.ok(Buffer.concat(out).equals(source));

  for (let count = 0; count < 50_000; count += 1) pieces.push(Buffer.from([count & 0xff]));
  assert.equal(pieces.bytes, 50_000);
  const list = pieces.takeAll();
  assert.ok(list.length <= 65, `${list.length} pieces`);
  assert.ok(Buffer.concat(list).every((byte, index) => byte === (index & 0xff)));
  assert.equal(pieces.bytes, 0);
});
