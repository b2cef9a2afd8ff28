import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Liveness } from './liveness.ts';
import { defaultSessionConfig } from './config.ts';
import { joined, open } from './testing/recorder.ts';
import { SessionPair } from './testing/session-pair.ts';
import { until } from './testing/until.ts';

/** Silence is found within 1.3 s: the times of the default, divided by ten. */
const quick = { pingAfterMs: 400, pongWithinMs: 600, tickMs: 150, helloWithinMs: 500 };

/** What the design promises: every stream is told within a second of the socket's end. Milliseconds. */
const toldWithinMs = 1000;

for (const how of ['reset', 'close'] as const) {
  test(`a link that is cut (${how}): every stream of both ends is told at once, with an error`, async () => {
    await using pair = await SessionPair.connect({ linked: true });
    const streams = await Promise.all(Array.from({ length: 20 }, async () => await joined(pair.server, pair.client)));
    const waiting = open(pair.server.session);
    streams[0]!.far.consumes = false;
    streams[0]!.near.stream.write(Buffer.alloc(1 << 20));
    streams[1]!.near.stream.end();
    pair.link![how]();
    const all = [...streams.flatMap(({ near, far }) => [near, far]), waiting];
    await until('all are told', () => all.every(({ isClosed }) => isClosed), toldWithinMs);
    for (const { error } of all) assert.deepEqual([error?.code, error?.by], ['LINK_LOST', 'link']);
    assert.deepEqual([pair.server.end?.code, pair.client.end?.code], ['LINK_LOST', 'LINK_LOST']);
    assert.deepEqual([pair.server.session.promisedBytes, pair.client.session.promisedBytes], [0, 0]);
  });
}

test('a peer that goes silent is found, busy or idle', async () => {
  for (const busy of [false, true]) {
    await using pair = await SessionPair.connect({ linked: true, both: { config: quick } });
    const { near, far } = await joined(pair.server, pair.client);
    if (busy) {
      near.stream.write(Buffer.alloc(64 << 20));
      await until('bytes flow', () => far.bytes > 1 << 20);
    }
    pair.link!.silence();
    const [here, there] = [await near.closing(5000), await far.closing(5000)];
    for (const error of [here, there]) assert.match(error?.message ?? '', /^silent for \d\.\d s$/);
    assert.deepEqual([pair.server.end?.code, pair.client.end?.code], ['LINK_LOST', 'LINK_LOST']);
  }
});

test('the default finds silence in under 15 s, however the ticks fall', () => {
  const { pingAfterMs, pongWithinMs, tickMs, helloWithinMs } = defaultSessionConfig;
  assert.ok(pingAfterMs + pongWithinMs + 2 * tickMs < 15_000);
  assert.ok(helloWithinMs + tickMs < 15_000);
});

test('a session with nothing to say stays, and one that is busy for long goes on measuring the round trip', async () => {
  await using pair = await SessionPair.connect({ both: { config: { ...quick, pingAfterMs: 50, tickMs: 20, pongWithinMs: 5000 } } });
  const trips = new Set<number>();
  await until('the round trip was measured three times', () => trips.add(pair.server.session.roundTripMs).size >= 3);
  const { near } = await joined(pair.server, pair.client);
  let going = true;
  near.writable = () => {
    if (going) near.stream.write(Buffer.alloc(1 << 20));
  };
  near.stream.write(Buffer.alloc(1 << 20));
  trips.clear();
  await until('and three times more while it is busy', () => trips.add(pair.server.session.roundTripMs).size >= 3);
  going = false;
  assert.deepEqual([pair.server.end, pair.client.end], [undefined, undefined]);
});

test('this process\'s own absence is not the peer\'s silence', async () => {
  await using pair = await SessionPair.connect({ both: { config: quick } });
  const { near, far } = await joined(pair.server, pair.client);
  const before = pair.server.session.roundTripMs;
  // As SIGSTOP and SIGCONT do it, or a machine that sleeps: no timer fires, and then all are late. With both ends
  // in one process nothing was sent meanwhile either.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1500);
  near.stream.write(Buffer.from('still here'));
  await until('bytes arrive', () => far.bytes === 10);
  const trips = new Set<number>();
  await until('it goes on being measured', () => trips.add(pair.server.session.roundTripMs).size >= 2);
  assert.ok(Math.max(before, ...trips) < 1500, 'the absence was no round trip');
  assert.deepEqual([pair.server.end, pair.client.end], [undefined, undefined]);
});

test('after an absence a peer has its time again, and one that is gone is still found', async () => {
  let dead: string | undefined;
  let diedAt = 0;
  let pings = 0;
  const liveness = new Liveness({ ...defaultSessionConfig, ...quick }, { ping: () => { pings += 1; }, dead: (reason) => { dead = reason; diedAt = performance.now(); }, noHello: () => assert.fail('it said hello') });
  liveness.ready();
  liveness.heard();
  await until('a second ping is sent', () => pings === 2);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1500);
  const backAt = performance.now();
  await until('it is found', () => dead !== undefined, 5000);
  assert.ok(diedAt - backAt > quick.pongWithinMs / 2, `found ${diedAt - backAt} ms after the absence`);
  liveness.stop();
});

test('a PONG that answers nothing means nothing', () => {
  const liveness = new Liveness(defaultSessionConfig, { ping: () => {}, dead: () => {}, noHello: () => {} });
  liveness.pong(Buffer.alloc(8));
  let opaque = Buffer.alloc(8);
  const other = new Liveness(defaultSessionConfig, { ping: (bytes) => { opaque = Buffer.from(bytes); }, dead: () => {}, noHello: () => {} });
  other.ready();
  other.pong(Buffer.alloc(8));
  assert.equal(other.roundTripMs, 0);
  other.pong(opaque);
  assert.ok(other.roundTripMs > 0);
  for (const one of [liveness, other]) one.stop();
});
