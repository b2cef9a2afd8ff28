import assert from 'node:assert/strict';
import { test } from 'node:test';
import { creditFrame, dataFrame, dataHeader, finFrame, goawayFrame, helloFrame, openedFrame, openFrame, pingFrame, resetFrame } from './encode.ts';
import { frameTypes, headerBytes } from './frame.ts';
import { noise } from './testing/random.ts';
import { RawPeer } from './testing/raw-peer.ts';
import { accept, joined, open, Recorder } from './testing/recorder.ts';
import { SessionPair } from './testing/session-pair.ts';
import { until } from './testing/until.ts';

const KiB = 1024;
const MiB = 1024 * KiB;

/** A header as it should not be. */
function header(type: number, length: number, stream: number): Buffer {
  const buffer = Buffer.alloc(headerBytes);
  buffer.writeUInt32BE(type * 0x100_0000 + length, 0);
  buffer.writeUInt32BE(stream, 4);
  return buffer;
}

const hello = helloFrame(100, 'raw');
const ping = pingFrame(frameTypes.PING, Buffer.alloc(8, 1));
const open2 = openFrame(2, 1000, 1000, 'edge-1:10250');

/** What a peer sends after its HELLO, and what it is told. The session takes streams and accepts them at once. */
const crimes: Readonly<Record<string, readonly [sent: Buffer[], told: RegExp]>> = {
  'a frame of no type': [[header(10, 0, 0)], /^unknown frame type 10$/],
  'another frame of no type': [[header(255, 0xff_ffff, 0xffff_ffff)], /^unknown frame type 255$/],
  'HTTP': [[Buffer.from('GET / HTTP/1.1\r\n\r\n')], /^unknown frame type 71$/],
  'DATA without a byte': [[open2, header(0, 0, 2)], /^a frame of type 0 with 0 bytes$/],
  'DATA of one byte too many': [[open2, header(0, 65_537, 2)], /^a frame of type 0 with 65537 bytes$/],
  'a target without a byte': [[header(4, 8, 2), Buffer.alloc(8)], /^a frame of type 4 with 8 bytes$/],
  'a target that is too long': [[header(4, 521, 2)], /^a frame of type 4 with 521 bytes$/],
  'a reason that is too long': [[open2, header(3, 515, 2)], /^a frame of type 3 with 515 bytes$/],
  'a RESET without a code': [[open2, header(3, 1, 2)], /^a frame of type 3 with 1 bytes$/],
  'a FIN with bytes': [[open2, header(2, 1, 2)], /^a frame of type 2 with 1 bytes$/],
  'a PING of 7 bytes': [[header(6, 7, 0)], /^a frame of type 6 with 7 bytes$/],
  'a CREDIT of 5 bytes': [[open2, header(1, 5, 2)], /^a frame of type 1 with 5 bytes$/],
  'a target that is no text': [[header(4, 10, 2), Buffer.from([0, 0, 0, 1, 0, 0, 0, 1, 0xc3, 0x28])], /^a text that is not UTF-8$/],
  'a reason that is no text': [[open2, header(3, 3, 2), Buffer.from([0, 1, 0xff])], /^a text that is not UTF-8$/],
  'DATA for stream 0': [[header(0, 1, 0)], /^a frame of type 0 for stream 0$/],
  'OPEN of stream 0': [[header(4, 9, 0)], /^a frame of type 4 for stream 0$/],
  'a PING for a stream': [[header(6, 8, 2)], /^a frame of type 6 for stream 2$/],
  'GOAWAY for a stream': [[header(8, 2, 1)], /^a frame of type 8 for stream 1$/],
  'OPEN of an id of the other end': [[openFrame(1, 1, 1, 'x:1')], /^OPEN of stream 1: its parity/],
  'OPEN of an id again': [[open2, open2], /^OPEN of stream 2 after 2$/],
  'OPEN of an id again, after its end': [[open2, resetFrame(2, 'CANCELLED', ''), open2], /^OPEN of stream 2 after 2$/],
  'OPEN of a smaller id': [[openFrame(8, 1, 1, 'x:1'), openFrame(6, 1, 1, 'x:1')], /^OPEN of stream 6 after 8$/],
  'OPEN with more credit than there is': [[openFrame(2, 0x8000_0000, 1, 'x:1')], /^a credit of 2147483648$/],
  'DATA for a stream that never was': [[dataFrame(2, Buffer.from('x'))], /^DATA for stream 2, which was never opened$/],
  'DATA for a stream of the other end that never was': [[dataFrame(1, Buffer.from('x'))], /^DATA for stream 1, which was never opened$/],
  'CREDIT for a stream that never was': [[creditFrame(4, 1)], /^CREDIT for stream 4, which was never opened$/],
  'FIN for a stream that never was': [[finFrame(2)], /^FIN for stream 2, which was never opened$/],
  'RESET of a stream that never was': [[resetFrame(2, 'CANCELLED', '')], /^RESET for stream 2, which was never opened$/],
  'OPENED for a stream that never was': [[openedFrame(1, 1)], /^OPENED for stream 1, which was never opened$/],
  'OPENED for a stream of its own': [[open2, openedFrame(2, 1)], /^OPENED for stream 2, which was not being opened$/],
  'a credit of nothing': [[open2, creditFrame(2, 0)], /^a credit of 0 for stream 2$/],
  'credit that overflows': [[open2, creditFrame(2, 0x7fff_ffff)], /^a credit of 2147483647 on top of 1000$/],
  'data past the window': [[open2, ...Array.from({ length: 5 }, () => dataFrame(2, Buffer.alloc(64 * KiB)))], /^65536 bytes of DATA where 0 were allowed$/],
  'data after FIN': [[open2, finFrame(2), dataFrame(2, Buffer.from('x'))], /^DATA for stream 2 after its FIN$/],
  'FIN twice': [[open2, finFrame(2), finFrame(2)], /^FIN for stream 2 after its FIN$/],
  'data after its own RESET': [[open2, resetFrame(2, 'CANCELLED', ''), dataFrame(2, Buffer.from('x'))], /^1 bytes of DATA for stream 2, which is over$/],
  'a second HELLO': [[hello], /^a second HELLO$/],
};

test('what no peer may send ends its session with a sentence, and no other session', async (t) => {
  await using bystanders = await SessionPair.connect();
  const { near, far } = await joined(bystanders.server, bystanders.client);
  for (const [name, [sent, told]] of Object.entries(crimes)) {
    await t.test(name, async () => {
      await using peer = await RawPeer.connect({ stream: (stream) => void keep(stream) });
      peer.write(...sent);
      await peer.blamed(told);
    });
  }
  near.stream.write(Buffer.from('still here'));
  await until('the bystanders go on', () => far.bytes === 10);
});

/** Takes a stream, and passes nothing on. */
function keep(stream: Parameters<typeof accept>[0]): void {
  accept(stream).consumes = false;
}

test('nothing comes before the HELLO', async () => {
  const early = { PING: ping, PONG: pingFrame(frameTypes.PONG, Buffer.alloc(8)), GOAWAY: goawayFrame('CANCELLED', ''), OPEN: open2, DATA: dataFrame(2, Buffer.from('x')), CREDIT: creditFrame(2, 1), FIN: finFrame(2), RESET: resetFrame(2, 'CANCELLED', ''), OPENED: openedFrame(1, 1) };
  for (const [name, frame] of Object.entries(early)) {
    await using peer = await RawPeer.connect({ hello: false });
    peer.write(frame, hello);
    await peer.blamed(new RegExp(`^${name} before HELLO$`));
  }
});

test('a peer that never says hello is not waited for', async () => {
  await using peer = await RawPeer.connect({ hello: false, config: { helloWithinMs: 100, tickMs: 20 } });
  await peer.blamed(/^no HELLO within 0\.1 s$/);
});

test('frames for a stream that is still being opened', async () => {
  const crimes = { DATA: dataFrame(1, Buffer.from('x')), CREDIT: creditFrame(1, 1), FIN: finFrame(1) };
  for (const [name, frame] of Object.entries(crimes)) {
    await using peer = await RawPeer.connect();
    const near = open(peer.end.session);
    peer.write(frame);
    await peer.blamed(new RegExp(`^${name} for stream 1 before OPENED$`));
    assert.equal(near.error?.code, 'PROTOCOL');
  }
  for (const [name, frame] of Object.entries({ DATA: dataFrame(2, Buffer.from('x')), CREDIT: creditFrame(2, 1), FIN: finFrame(2) })) {
    await using peer = await RawPeer.connect(); // this end does not accept
    peer.write(open2, frame);
    await peer.blamed(new RegExp(`^${name} for stream 2 before OPENED$`));
  }
  await using twice = await RawPeer.connect();
  open(twice.end.session);
  twice.write(openedFrame(1, 1), openedFrame(1, 1));
  await twice.blamed(/^OPENED for stream 1, which was not being opened$/);
  await using much = await RawPeer.connect();
  open(much.end.session);
  much.write(openedFrame(1, 0xffff_ffff));
  await much.blamed(/^a credit of 4294967295 on top of 0$/);
});

test('frames that were on their way when their stream was reset are dropped, as far as they had credit', async () => {
  await using peer = await RawPeer.connect({ stream: (stream) => void keep(stream) });
  peer.write(open2, dataFrame(2, Buffer.alloc(KiB)));
  await until('the stream is there', () => peer.end.session.streamCount === 1);
  const [stream] = [...peer.end.session.streams];
  await until('the bytes are', () => stream!.receivedBytes === KiB);
  stream!.reset('CANCELLED', 'enough');
  const left = 256 * KiB - KiB;
  for (let at = 0; at < left; at += 51 * KiB) peer.write(dataFrame(2, Buffer.alloc(51 * KiB)));
  peer.write(creditFrame(2, 5), finFrame(2), resetFrame(2, 'CANCELLED', ''), ping);
  await until('the session goes on', () => peer.ofType('PONG').length === 1);
  peer.write(dataFrame(2, Buffer.from('x')));
  await peer.blamed(/^1 bytes of DATA for stream 2, which is over$/);
});

test('a reset in the middle of a DATA frame drops the rest of the frame, and of nothing else', async () => {
  await using peer = await RawPeer.connect({ stream: (stream) => void (stream.id === 2 ? resetAtFirst(stream) : keep(stream)) });
  const resetAtFirst = (stream: Parameters<typeof accept>[0]): void => {
    const recorder = new Recorder();
    recorder.stream = stream;
    recorder.data = () => stream.reset('CANCELLED', 'enough');
    stream.accept(recorder);
  };
  peer.write(open2, dataHeader(2, 60_000), Buffer.alloc(20_000));
  await until('it is reset', () => peer.ofType('RESET').length === 1);
  peer.write(Buffer.alloc(40_000), openFrame(4, 1, 1, 'x:1'), dataFrame(4, Buffer.from('hello')));
  await until('the next stream has its bytes', () => [...peer.end.session.streams].some(({ receivedBytes }) => receivedBytes === 5));
});

test('a frame that is cut off by the end of the connection is a link that is lost', async () => {
  for (const part of [3, headerBytes, headerBytes + 10]) {
    await using peer = await RawPeer.connect({ stream: (stream) => void keep(stream) });
    peer.write(open2, dataFrame(2, Buffer.alloc(100)).subarray(0, part));
    await until('the stream is there', () => peer.end.session.streamCount === 1);
    const [stream] = [...peer.end.session.streams];
    peer.socket.end();
    await until('the session ends', () => peer.end.end !== undefined);
    assert.deepEqual([peer.end.end?.code, peer.end.end?.by, stream!.isClosed], ['LINK_LOST', 'link', true]);
  }
});

test('frames that are split at each place mean the same', async () => {
  const frames = [hello, open2, dataFrame(2, Buffer.from('hello')), ping, creditFrame(2, 7), finFrame(2)];
  const bytes = Buffer.concat(frames);
  for (let at = 1; at < bytes.length; at += 1) {
    const recorders: Recorder[] = [];
    await using peer = await RawPeer.connect({ hello: false, stream: (stream) => void recorders.push(accept(stream)) });
    peer.socket.write(bytes.subarray(0, at));
    await new Promise((resolve) => setImmediate(resolve));
    peer.socket.write(bytes.subarray(at));
    await until(`all is understood when split at ${at}`, () => recorders[0]?.ended === true && peer.ofType('PONG').length === 1);
    assert.equal(recorders[0]!.bytes, 5);
  }
});

test('garbage ends the session, whatever it is', async () => {
  for (let seed = 1; seed <= 40; seed += 1) {
    await using peer = await RawPeer.connect({ hello: seed % 2 === 0, stream: (stream) => void keep(stream) });
    // 0 would be DATA, and not read on for a while.
    const bytes = noise(4 * KiB, seed);
    bytes[0]! |= 0x10;
    peer.write(bytes);
    await peer.blamed(/./);
  }
});

test('a peer that makes us answer and does not read is cut off, and costs little until then', async () => {
  for (const [name, chunk] of Object.entries({ PING: Buffer.concat(Array.from({ length: 1024 }, () => ping)), OPEN: undefined })) {
    await using peer = await RawPeer.connect({ config: { maxStreams: 0, controlBacklogBytes: 64 * KiB } });
    peer.socket.pause();
    let most = 0;
    let id = 2;
    const floods = (): Buffer => chunk ?? Buffer.concat(Array.from({ length: 256 }, () => openFrame((id += 2), 1, 1, 'x:1')));
    await until(`the ${name} flood is ended`, () => {
      most = Math.max(most, peer.end.session.socket.writableLength);
      for (let count = 0; count < 64 && peer.socket.writableLength < MiB; count += 1) peer.socket.write(floods());
      return peer.end.end !== undefined;
    });
    assert.match(peer.end.end!.reason, /^\d+ bytes of answers that the peer does not read$/);
    assert.ok(most < MiB, `${most} bytes waited`);
    await until('its socket is closed all the same', () => peer.end.session.socket.closed, 5000);
  }
});

test('floods of streams that are opened and reset leave nothing behind', async () => {
  let opened = 0;
  let told = 0;
  await using peer = await RawPeer.connect({ stream: (stream) => { opened += 1; stream.onClosedEarly = () => { told += 1; }; } });
  let id = 0;
  const wanted = 20_000;
  for (let count = 0; count < wanted; count += 1000) {
    peer.write(...Array.from({ length: 1000 }, () => [openFrame((id += 2), 1, 1, 'x:1'), resetFrame(id, 'CANCELLED', '')]).flat());
  }
  peer.write(ping);
  await until('all are through', () => peer.ofType('PONG').length === 1);
  assert.deepEqual([opened, told, peer.end.session.streamCount, peer.end.session.promisedBytes], [wanted, wanted, 0, 0]);
  assert.equal(peer.ofType('RESET').length, 0, 'a reset is not answered');
});

test('streams past what was allowed are refused one by one', async () => {
  await using peer = await RawPeer.connect({ config: { maxStreams: 3 } });
  peer.write(...[2, 4, 6, 8, 10].map((id) => openFrame(id, 1, 1, 'x:1')));
  await until('two are refused', () => peer.ofType('RESET').length === 2);
  assert.deepEqual(peer.ofType('RESET').map(({ stream, code }) => [stream, code]), [[8, 'BUSY'], [10, 'BUSY']]);
  peer.write(resetFrame(2, 'CANCELLED', ''), openFrame(12, 1, 1, 'x:1'), ping);
  await until('the next has room', () => peer.ofType('PONG').length === 1);
  assert.equal(peer.ofType('RESET').length, 2);
});

test('a few bytes that wait do not keep the memory of all that came with them', async () => {
  const kept: Buffer[] = [];
  await using peer = await RawPeer.connect({ stream: (stream) => {
    stream.accept({ data: (piece) => void kept.push(piece), end() {}, writable() {}, closed() {} });
  } });
  peer.write(open2, openFrame(4, 1, 1, 'x:1'));
  // A few bytes of a stream that is not read, among many of others.
  const others = Array.from({ length: 100 }, () => Buffer.concat([dataFrame(2, Buffer.from('abc')), ping, dataFrame(4, Buffer.alloc(2000))]));
  peer.write(...others);
  await until('all is there', () => kept.reduce((sum, { length }) => sum + length, 0) === 100 * 2003);
  for (const piece of kept) assert.ok(piece.buffer.byteLength <= 2 * piece.length, `${piece.length} bytes keep ${piece.buffer.byteLength}`);
});

test('no id comes after the last one', async () => {
  await using peer = await RawPeer.connect();
  peer.write(openFrame(0xffff_fffe, 1, 1, 'x:1'));
  await until('the last id is taken', () => peer.end.session.streamCount === 1);
  peer.write(openFrame(2, 1, 1, 'x:1'));
  await peer.blamed(/^OPEN of stream 2 after 4294967294$/);
});
