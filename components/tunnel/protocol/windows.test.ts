import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CreditBudget } from './budget.ts';
import { ProtocolError } from './errors.ts';
import { maxCredit } from './frame.ts';
import { Pieces } from './pieces.ts';
import { ReceiveWindow } from './receive-window.ts';
import { SendWindow } from './send-window.ts';
import { noise, random } from './testing/random.ts';

const KiB = 1024;

/** A window with a clock that stands still until it is moved. Round trips take 10 ms. */
function windowOf(budget: CreditBudget, initialBytes = 64 * KiB, maxBytes = 1024 * KiB): { window: ReceiveWindow; clock: { ms: number } } {
  const clock = { ms: 0 };
  const window = ReceiveWindow.open({ initialBytes, maxBytes, budget, roundTripMs: () => 10, now: () => clock.ms });
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

test('growth leaves half of the budget, its own and the shared one, to streams that are still to come', () => {
  for (const budget of [new CreditBudget(512 * KiB), new CreditBudget(8192 * KiB, new CreditBudget(512 * KiB))]) {
    const { window } = windowOf(budget);
    for (let turn = 0; turn < 5; turn += 1) fill(window);
    assert.equal(window.windowBytes, 256 * KiB);
    const others = Array.from({ length: 4 }, () => windowOf(budget).window);
    assert.equal(budget.usedBytes, 512 * KiB);
    for (const one of [window, ...others]) one.release();
    assert.equal(budget.usedBytes, 0);
  }
});

test('where there is little room a window starts small, and where there is none it does not', () => {
  const budget = new CreditBudget(64 * KiB + 40 * KiB);
  const [first, second] = [windowOf(budget).window, windowOf(budget).window];
  assert.deepEqual([first.windowBytes, second.windowBytes], [64 * KiB, 32 * KiB]);
  assert.equal(ReceiveWindow.open({ initialBytes: 64 * KiB, maxBytes: 64 * KiB, budget, roundTripMs: () => 0, now: () => 0 }), undefined);
  second.release();
  assert.equal(windowOf(budget).window.windowBytes, 32 * KiB);
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
