import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CreditBudget } from './budget.ts';
import { creditFrame, helloFrame, openFrame, openedFrame } from './encode.ts';
import { sendNoise } from './testing/random.ts';
import { RawPeer } from './testing/raw-peer.ts';
import { joined, open, type Recorder } from './testing/recorder.ts';
import { SessionPair } from './testing/session-pair.ts';
import { until } from './testing/until.ts';

const KiB = 1024;
const MiB = 1024 * KiB;

test('many bytes both ways at once, in pieces of any size, arrive whole and in order', async () => {
  await using pair = await SessionPair.connect();
  const streams = await Promise.all([joined(pair.server, pair.client), joined(pair.server, pair.client), joined(pair.client, pair.server)]);
  const bytes = 12 * MiB;
  await Promise.all(streams.map(async ({ near, far }, index) => {
    const [there, back] = await Promise.all([sendNoise(near, bytes, index + 1), sendNoise(far, bytes, 100 + index)]);
    assert.deepEqual([await near.closing(), await far.closing()], [undefined, undefined]);
    assert.deepEqual([far.bytes, near.bytes], [bytes, bytes]);
    assert.deepEqual([far.digest(), near.digest()], [there, back]);
    assert.deepEqual([near.stream.sentBytes, near.stream.receivedBytes], [bytes, bytes]);
  }));
  assert.deepEqual([pair.server.session.promisedBytes, pair.client.session.promisedBytes], [0, 0]);
});

test('a reader that stalls holds its own window and nobody else', async () => {
  const all = new CreditBudget(8 * MiB);
  await using pair = await SessionPair.connect({ client: { budget: all, config: { sessionMemoryBytes: 4 * MiB, maxWindowBytes: MiB } } });
  const stalled = await joined(pair.server, pair.client);
  stalled.far.consumes = false;
  const sent = sendNoise(stalled.near, 3 * MiB, 1);
  await until('it stalls, with a window\'s bytes at the far end', () => stalled.near.stream.stalled && stalled.far.bytes === 256 * KiB);
  assert.equal(stalled.near.stream.stalls > 0, true);

  const other = await joined(pair.server, pair.client);
  const digest = await sendNoise(other.near, 16 * MiB, 2);
  await until('the other has all', () => other.far.ended);
  assert.equal(other.far.digest(), digest);
  assert.equal(stalled.far.bytes, 256 * KiB);
  assert.ok(pair.client.session.promisedBytes <= 4 * MiB);
  assert.equal(all.usedBytes, pair.client.session.promisedBytes);

  stalled.far.consumeAll();
  await until('the first has all', () => stalled.far.ended);
  assert.equal(stalled.far.digest(), await sent);
});

test('credit goes back only when bytes were passed on, also after the end of the stream', async () => {
  await using pair = await SessionPair.connect();
  const { near, far } = await joined(pair.server, pair.client);
  far.consumes = false;
  near.stream.write(Buffer.alloc(100 * KiB));
  near.stream.end();
  far.stream.end();
  assert.equal(await far.closing(), undefined);
  assert.equal(await near.closing(), undefined);
  assert.equal(pair.server.session.promisedBytes, 0);
  assert.equal(pair.client.session.promisedBytes, 256 * KiB, 'the bytes are held here still');
  far.consumeAll();
  assert.equal(pair.client.session.promisedBytes, 0);
});

test('budgets are back to zero after a stream was ended in any phase', async () => {
  await using pair = await SessionPair.connect();
  const budgets = (): number[] => [pair.server.session.promisedBytes, pair.client.session.promisedBytes];
  const phases: Record<string, (near: Recorder, far: Recorder) => Promise<void>> = {
    'at once': async () => {},
    'with bytes that wait': async (near, far) => {
      far.consumes = false;
      near.stream.write(Buffer.alloc(2 * MiB));
      await until('it stalls', () => near.stream.stalled);
    },
    'with bytes on their way': async (near) => void near.stream.write(Buffer.alloc(2 * MiB)),
    'half closed': async (near, far) => {
      near.stream.end();
      await until('the end arrives', () => far.ended);
    },
    'half closed, with bytes that wait': async (near, far) => {
      far.consumes = false;
      near.stream.write(Buffer.alloc(2 * MiB));
      near.stream.end();
      await until('it stalls', () => near.stream.stalled);
    },
  };
  for (const [name, prepare] of Object.entries(phases)) {
    for (const end of ['near', 'far'] as const) {
      const both = await joined(pair.server, pair.client);
      await prepare(both.near, both.far);
      both[end].stream.reset('CANCELLED', name);
      await both.near.closing();
      await both.far.closing();
      assert.deepEqual(budgets(), [0, 0], `${name}, reset by the ${end} end`);
      both.far.consumeAll();
      assert.deepEqual(budgets(), [0, 0], `${name}, and then passed on`);
    }
  }
  open(pair.server.session).stream.reset('CANCELLED', 'before it was opened');
  assert.deepEqual(budgets()[0], 0);
  // Bytes that were on their way when their stream was reset are nobody's fault.
  const last = await joined(pair.server, pair.client);
  last.near.stream.end();
  last.far.stream.end();
  assert.equal(await last.near.closing(), undefined);
  assert.equal(pair.server.end, undefined);
});

test('streams share the link evenly, whatever the size of their pieces', async () => {
  await using pair = await SessionPair.connect();
  const bytes = 6 * MiB;
  const streams = await Promise.all(Array.from({ length: 6 }, async () => await joined(pair.server, pair.client)));
  for (const [index, { near }] of streams.entries()) {
    const size = index % 2 === 0 ? 256 * KiB : 2 * KiB;
    for (let at = 0; at < bytes; at += size) near.stream.write(Buffer.alloc(size));
    near.stream.end();
  }
  await until('the first has all', () => streams.some(({ far }) => far.ended));
  const least = Math.min(...streams.map(({ far }) => far.bytes));
  assert.ok(least >= bytes / 2, `when the first had all of ${bytes} bytes, the last had ${least}`);
  await until('all have all', () => streams.every(({ far }) => far.ended));
});

test('questions are answered while another stream fills the link', async () => {
  await using pair = await SessionPair.connect();
  const bulk = await joined(pair.server, pair.client);
  const bytes = 96 * MiB;
  const piece = Buffer.alloc(64 * KiB);
  for (let at = 0; at < bytes; at += piece.length) bulk.near.stream.write(piece); // all of it waits
  for (let round = 1; round <= 3; round += 1) {
    const { near, far } = await joined(pair.server, pair.client);
    near.stream.write(Buffer.alloc(KiB));
    near.stream.end();
    await until('the question arrives', () => far.ended);
    far.stream.write(Buffer.alloc(KiB));
    far.stream.end();
    assert.equal(await near.closing(), undefined);
  }
  assert.ok(bulk.far.bytes < bytes, 'they did not wait for the end of the bulk');
});

test('control frames go before bytes that wait, with little in front of them', async () => {
  await using peer = await RawPeer.connect();
  const near = open(peer.end.session);
  const other = open(peer.end.session);
  peer.write(openedFrame(near.stream.id, 0x7fff_ffff), openedFrame(other.stream.id, 0x7fff_ffff));
  await until('both are opened', () => near.stream.isOpened && other.stream.isOpened);
  peer.socket.pause();
  for (let count = 0; count < 32; count += 1) near.stream.write(Buffer.alloc(MiB));
  await until('the link is full', () => peer.end.session.socket.writableNeedDrain);
  assert.ok(peer.end.session.socket.writableLength <= (256 + 64 + 1) * KiB, `${peer.end.session.socket.writableLength} bytes in front`);
  assert.ok(near.stream.pendingBytes > 8 * MiB);
  other.stream.reset('CANCELLED', 'enough');
  peer.socket.resume();
  await until('the reset arrives', () => peer.ofType('RESET').length === 1);
  assert.ok(near.stream.pendingBytes > 4 * MiB, 'before what waited');
});

test('small turns of many streams do not pile up on the stack', async () => {
  await using pair = await SessionPair.connect();
  const streams = await Promise.all([joined(pair.server, pair.client), joined(pair.server, pair.client)]);
  const wanted = 60_000;
  for (const { near } of streams) {
    let written = 0;
    near.writable = () => {
      while (written < wanted) {
        written += 1;
        if (!near.stream.write(Buffer.from('x'))) return;
      }
    };
    near.stream.write(Buffer.alloc(300 * KiB));
  }
  await until('all arrives', () => streams.every(({ far }) => far.bytes === 300 * KiB + wanted));
});

test('a writer that was told to wait is told to go on, and not before', async () => {
  await using pair = await SessionPair.connect();
  const { near, far } = await joined(pair.server, pair.client);
  // More than a quantum, less than what may wait for the end of this turn: it goes out then.
  assert.equal(near.stream.write(Buffer.alloc(100 * KiB)), true);
  assert.deepEqual(near.told, ['opened']);
  await until('it arrives', () => far.bytes === 100 * KiB);
  assert.equal(near.stream.write(Buffer.alloc(2 * MiB)), false);
  assert.deepEqual(near.told, ['opened']);
  await until('it may go on', () => near.told.includes('writable'));
  assert.deepEqual([near.stream.pendingBytes, near.told], [0, ['opened', 'writable']]);
});

test('a peer that gives no credit at first gets nothing, and then what it allows', async () => {
  await using peer = await RawPeer.connect({ stream: (stream) => void stream });
  peer.write(openFrame(2, 0, 1000, 'edge-1:10250'));
  await until('the session has the stream', () => peer.end.session.streamCount === 1);
  const [stream] = [...peer.end.session.streams];
  stream!.accept({ data() {}, end() {}, writable() {}, closed() {} });
  assert.equal(stream!.write(Buffer.alloc(10)), false);
  peer.write(creditFrame(2, 4));
  await until('four bytes are allowed', () => stream!.sentBytes === 4);
  assert.equal(stream!.pendingBytes, 6);
  peer.write(creditFrame(2, 4), creditFrame(2, 4));
  await until('the rest is', () => stream!.sentBytes === 10);
});

test('a HELLO in two halves is one', async () => {
  await using peer = await RawPeer.connect({ hello: false });
  const hello = helloFrame(7, 'agent of edge-1');
  for (const byte of hello) {
    peer.socket.write(Buffer.from([byte]));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await until('it is ready', () => peer.end.session.isReady);
  assert.equal(peer.end.session.peerInstance, 'agent of edge-1');
});
