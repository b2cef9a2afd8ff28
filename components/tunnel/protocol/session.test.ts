import assert from 'node:assert/strict';
import { test } from 'node:test';
import { finFrame, openFrame, pingFrame } from './encode.ts';
import { SessionUnavailableError } from './errors.ts';
import { frameTypes } from './frame.ts';
import { Session } from './session.ts';
import type { TunnelStream } from './stream.ts';
import { RawPeer } from './testing/raw-peer.ts';
import { accept, joined, open } from './testing/recorder.ts';
import { SessionPair } from './testing/session-pair.ts';
import { TlsPort } from './testing/tls-pair.ts';
import { until } from './testing/until.ts';

test('both ends say who they are, and measure the round trip', async () => {
  await using pair = await SessionPair.connect();
  assert.equal(pair.server.session.peerInstance, 'tls-client');
  assert.equal(pair.client.session.peerInstance, 'tls-server');
  await until('the round trip is known', () => pair.server.session.roundTripMs > 0 && pair.client.session.roundTripMs > 0);
});

test('either end opens streams, told of its target and deadline, with ids of its own parity', async () => {
  const deadlines: number[] = [];
  const taken: TunnelStream[] = [];
  await using pair = await SessionPair.connect({ client: { stream: (stream, deadlineMs) => { deadlines.push(deadlineMs); taken.push(stream); } } });
  const near = open(pair.server.session, 'edge-1:10250');
  await until('the stream arrives', () => taken.length === 1);
  assert.equal(taken[0]!.target, 'edge-1:10250');
  assert.deepEqual(deadlines, [5000]);
  assert.equal(near.stream.isOpened, false);
  accept(taken[0]!);
  await until('it is opened', () => near.stream.isOpened);
  assert.deepEqual(near.told, ['opened']);
  const { near: back } = await joined(pair.client, pair.server);
  const { near: third } = await joined(pair.client, pair.server);
  assert.deepEqual([near.stream.id, back.stream.id, third.stream.id], [1, 2, 4]);
});

test('each end can end its half first, and bytes still flow the other way', async () => {
  await using pair = await SessionPair.connect();
  for (const opener of [true, false]) {
    const { near, far } = await joined(pair.server, pair.client);
    const [first, last] = opener ? [near, far] : [far, near];
    first.stream.write(Buffer.from('question'));
    first.stream.end();
    await until('the end arrives', () => last.ended);
    assert.equal(last.bytes, 8);
    assert.equal(last.isClosed || first.isClosed, false);
    last.stream.write(Buffer.from('answer'));
    last.stream.end();
    assert.equal(await first.closing(), undefined);
    assert.equal(await last.closing(), undefined);
    assert.equal(first.bytes, 6);
  }
});

test('what is written and ended before the target is reached waits for it', async () => {
  await using pair = await SessionPair.connect();
  const near = open(pair.server.session);
  assert.equal(near.stream.write(Buffer.from('early')), false);
  near.stream.end();
  await until('the stream arrives', () => pair.client.streams.length === 1);
  const stream = pair.client.streams[0]!;
  assert.equal(stream.write(Buffer.from('also early')), false);
  stream.end();
  const far = accept(stream);
  assert.equal(await far.closing(), undefined);
  assert.equal(await near.closing(), undefined);
  assert.deepEqual([near.bytes, far.bytes], [10, 5]);
  assert.deepEqual(near.told, ['opened', 'writable', 'data', 'end', 'closed']);
});

test('an end without a byte, said before the target is reached, waits for it', async () => {
  await using pair = await SessionPair.connect();
  const near = open(pair.server.session);
  near.stream.end();
  await until('the stream arrives', () => pair.client.streams.length === 1);
  const stream = pair.client.streams[0]!;
  stream.end();
  const far = accept(stream);
  assert.deepEqual([await near.closing(), await far.closing()], [undefined, undefined]);
  assert.deepEqual(near.told, ['opened', 'end', 'closed']);
});

test('the last bytes of a drained session arrive, although the peer still speaks', async () => {
  await using peer = await RawPeer.connect({ stream: (stream) => void takeAndSend(stream) });
  const bytes = 1_500_000;
  const takeAndSend = (stream: TunnelStream): void => {
    peer.socket.pause(); // from here on the kernel's buffers have to hold it
    const far = accept(stream);
    peer.end.session.drain('over');
    far.stream.write(Buffer.alloc(bytes));
    far.stream.end();
  };
  peer.write(openFrame(2, bytes, 1000, 'edge-1:10250'), finFrame(2));
  await until('the kernel has all', () => peer.end.end !== undefined && peer.end.session.socket.writableFinished);
  peer.socket.write(pingFrame(frameTypes.PING, Buffer.alloc(8)));
  await until('the PING has left', () => peer.socket.writableLength === 0);
  peer.socket.resume();
  await until('the socket is closed', () => peer.socket.closed);
  assert.equal(peer.dataBytes, bytes);
  assert.deepEqual([peer.ofType('FIN').length, peer.frames.at(-1)], [1, { type: 'GOAWAY', code: 'CANCELLED', reason: 'over' }]);
});

test('a reset reaches the other end with its reason', async () => {
  await using pair = await SessionPair.connect();
  for (const opener of [true, false]) {
    const { near, far } = await joined(pair.server, pair.client);
    const [here, there] = opener ? [near, far] : [far, near];
    here.stream.reset('TARGET_RESET', 'the kubelet hung up');
    assert.deepEqual([here.error?.code, here.error?.message, here.error?.by], ['TARGET_RESET', 'the kubelet hung up', 'here']);
    const error = await there.closing();
    assert.deepEqual([error?.code, error?.message, error?.by], ['TARGET_RESET', 'the kubelet hung up', 'peer']);
  }
});

test('a refusal is a reset with its reason', async () => {
  await using pair = await SessionPair.connect({ client: { stream: (stream) => stream.reset('REFUSED', 'nobody listens at edge-1:1') } });
  const near = open(pair.server.session, 'edge-1:1');
  const error = await near.closing();
  assert.deepEqual([error?.code, error?.message], ['REFUSED', 'nobody listens at edge-1:1']);
  assert.deepEqual(near.told, ['closed']);
});

test('an end that takes no streams refuses them', async () => {
  await using pair = await SessionPair.connect({ server: { stream: null } });
  assert.equal((await open(pair.client.session).closing())?.code, 'FORBIDDEN');
});

test('a stream that the opener gives up while it is dialled for is told of, and not accepted any more', async () => {
  await using pair = await SessionPair.connect();
  const near = open(pair.server.session);
  await until('the stream arrives', () => pair.client.streams.length === 1);
  const stream = pair.client.streams[0]!;
  let early: string | undefined;
  stream.onClosedEarly = (error) => { early = error?.code; };
  near.stream.reset('TIMEOUT', 'no answer within 5 s');
  await until('the other end is told', () => early === 'TIMEOUT');
  const far = accept(stream);
  assert.equal(far.error?.code, 'TIMEOUT');
  assert.deepEqual(far.told, ['closed']);
});

test('an OPENED that crosses a reset does no harm', async () => {
  await using pair = await SessionPair.connect({ client: { stream: (stream) => { accept(stream).stream.write(Buffer.alloc(100_000)); } } });
  open(pair.server.session).stream.reset('TIMEOUT', 'no answer');
  const near = open(pair.server.session);
  await until('the next one is opened', () => near.bytes === 100_000);
  assert.equal(pair.server.end, undefined);
});

test('no more streams than the peer takes', async () => {
  await using pair = await SessionPair.connect({ client: { config: { maxStreams: 2 } } });
  const { near } = await joined(pair.server, pair.client);
  open(pair.server.session);
  assert.throws(() => open(pair.server.session), (error) => error instanceof SessionUnavailableError && error.code === 'BUSY');
  near.stream.reset('CANCELLED', 'enough');
  open(pair.server.session);
});

test('a stream without room for the least window is refused, one with little room gets a small one', async () => {
  const KiB = 1024;
  await using pair = await SessionPair.connect({ client: { config: { sessionMemoryBytes: 300 * KiB } } });
  const streams = [await joined(pair.server, pair.client), await joined(pair.server, pair.client)];
  assert.deepEqual(streams.map(({ far }) => far.stream.outstandingBytes), [256 * KiB, Math.floor((256 * KiB * 44) / 300)]);
  const error = await open(pair.server.session).closing();
  assert.deepEqual([error?.code, error?.message], ['BUSY', 'no memory left for another stream']);
});

test('a target that is none is the caller\'s mistake, and costs nothing', async () => {
  await using pair = await SessionPair.connect();
  for (const target of ['', 'x'.repeat(513)]) assert.throws(() => open(pair.server.session, target), RangeError);
  assert.equal(pair.server.session.promisedBytes, 0);
  assert.equal((await joined(pair.server, pair.client)).near.stream.id, 1);
});

test('a session that has ended says why', async () => {
  await using pair = await SessionPair.connect();
  const { near, far } = await joined(pair.server, pair.client);
  pair.server.session.close('REVOKED', 'node edge-1 was deleted');
  assert.deepEqual(pair.server.end, { code: 'REVOKED', reason: 'node edge-1 was deleted', by: 'here' });
  assert.equal(near.error?.code, 'REVOKED');
  assert.throws(() => open(pair.server.session), (error) => error instanceof SessionUnavailableError && error.code === 'REVOKED');
  await until('the peer is told', () => pair.client.end !== undefined);
  assert.deepEqual(pair.client.end, { code: 'REVOKED', reason: 'node edge-1 was deleted', by: 'peer' });
  assert.deepEqual([far.error?.code, far.error?.by], ['REVOKED', 'peer']);
  await until('both sockets are closed', () => pair.server.session.socket.closed && pair.client.session.socket.closed);
});

test('a session that is closed with no fault is an error to the streams that it had', async () => {
  await using pair = await SessionPair.connect();
  const { near, far } = await joined(pair.server, pair.client);
  pair.server.session.close('CANCELLED', 'stopped');
  assert.equal(near.error?.code, 'LINK_LOST');
  assert.equal((await far.closing())?.code, 'LINK_LOST');
});

test('a session that is drained serves what is open, takes no more, and ends with the last stream', async () => {
  await using pair = await SessionPair.connect();
  const { near, far } = await joined(pair.server, pair.client);
  pair.server.session.drain('the server is being updated');
  await until('the peer is told', () => pair.client.session.isDraining);
  assert.deepEqual(pair.client.told, ['ready', 'draining: the server is being updated']);
  for (const { session } of [pair.server, pair.client]) assert.throws(() => open(session), (error) => error instanceof SessionUnavailableError && error.code === 'DRAINING');
  const payload = Buffer.alloc(1_000_000, 'x');
  near.stream.write(payload);
  near.stream.end();
  await until('the end arrives', () => far.ended);
  assert.equal(far.bytes, payload.length);
  far.stream.write(payload);
  far.stream.end();
  assert.equal(await near.closing(), undefined);
  assert.equal(near.bytes, payload.length);
  await until('both sessions end', () => pair.server.end !== undefined && pair.client.end !== undefined);
  assert.deepEqual([pair.server.end?.code, pair.client.end?.code], ['CANCELLED', 'CANCELLED']);
  await until('both sockets are closed', () => pair.server.session.socket.closed && pair.client.session.socket.closed);
});

test('the last stream of a drained session is told before the session\'s end', async () => {
  await using pair = await SessionPair.connect();
  const { near } = await joined(pair.server, pair.client);
  const order: string[] = [];
  const { closed } = near;
  near.closed = (error) => { order.push(pair.server.end === undefined ? 'stream first' : 'session first'); closed.call(near, error); };
  pair.server.session.drain('over');
  near.stream.reset('CANCELLED', 'enough');
  assert.deepEqual(order, ['stream first']);
  assert.equal(pair.server.end?.code, 'CANCELLED');
});

test('an OPEN that crosses a drain is refused as such, not lost', async () => {
  await using pair = await SessionPair.connect();
  const { near: kept } = await joined(pair.server, pair.client);
  pair.server.session.drain('over');
  const crossed = open(pair.client.session);
  assert.equal((await crossed.closing())?.code, 'DRAINING');
  kept.stream.reset('CANCELLED', 'enough');
  await until('the session ends', () => pair.client.end !== undefined);

  await using idle = await SessionPair.connect();
  idle.server.session.drain('over');
  assert.equal((await open(idle.client.session).closing())?.code, 'DRAINING');
});

test('a handler may end the session, or the stream, in any of its calls', async () => {
  for (const where of ['opened', 'data', 'end', 'writable'] as const) {
    for (const how of ['session', 'stream'] as const) {
      await using pair = await SessionPair.connect();
      const near = open(pair.server.session);
      near[where] = () => {
        if (how === 'session') pair.server.session.close('INTERNAL', where);
        else near.stream.reset('INTERNAL', where);
      };
      near.stream.write(Buffer.from('early')); // for `writable`
      await until('the stream arrives', () => pair.client.streams.length === 1);
      const far = accept(pair.client.streams[0]!);
      for (let count = 0; count < 10; count += 1) far.stream.write(Buffer.from('x'));
      far.stream.end();
      assert.equal((await far.closing())?.code, 'INTERNAL', `${how} ended in ${where}`);
      assert.equal(near.told.at(-1), 'closed');
    }
  }
});

test('a session that is closed while frames are being read hears of none of them', async () => {
  let opened = 0;
  await using pair = await SessionPair.connect({ client: { stream: () => { opened += 1; pair.client.session.close('INTERNAL', 'enough'); } } });
  for (let count = 0; count < 20; count += 1) open(pair.server.session);
  await until('both have ended', () => pair.server.end !== undefined && pair.client.end !== undefined);
  assert.equal(opened, 1);
  assert.equal(pair.client.session.promisedBytes, 0);
});

test('a session on a socket that is closed already ends at once', async () => {
  await using port = await TlsPort.open();
  const { server } = await port.connection();
  server.destroy();
  await until('it is closed', () => server.closed);
  let end: string | undefined;
  new Session(server, { side: 'tls-server', instance: 'late', handler: { ended: ({ code }) => { end = code; } } });
  await until('the session ends', () => end === 'LINK_LOST');
});
