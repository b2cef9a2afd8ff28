import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Splice } from './splice.ts';
import { hearAll, sayAllAndClose } from './testing/last-words.ts';
import { noise } from './testing/random.ts';
import { joined } from './testing/recorder.ts';
import { SessionPair } from './testing/session-pair.ts';
import { socketPair } from './testing/socket-pair.ts';
import { spliced } from './testing/spliced.ts';
import { until } from './testing/until.ts';

const KiB = 1024;
const MiB = 1024 * KiB;

test('a target that has said all and closes is heard to its end, whatever its client still says', async () => {
  await using stack = new AsyncDisposableStack();
  const { client, target, targetNear, pair, done } = await spliced(stack);
  const said = await sayAllAndClose(client, target, targetNear);
  assert.deepEqual(done, {});
  await hearAll(client, said);
  client.socket.end('and this too');
  await until('both are done', () => done.client !== undefined && done.target !== undefined);
  assert.deepEqual(done, { client: { error: undefined }, target: { error: undefined } });
  await until('all credit is back', () => pair.server.session.promisedBytes + pair.client.session.promisedBytes === 0);
});

for (const kind of ['tcp', 'tls'] as const) {
  test(`${kind}: bytes go both ways, each half ends on its own, and nothing is left`, async () => {
    await using stack = new AsyncDisposableStack();
    const { pair, client, target, done } = await spliced(stack, kind, { head: Buffer.from('glued to the request; ') });
    const [there, back] = [noise(3 * MiB, 1), noise(5 * MiB, 2)];
    client.socket.end(there);
    await until('the target sees the end', () => target.ended);
    assert.ok(Buffer.concat([Buffer.from('glued to the request; '), there]).equals(Buffer.concat(target.pieces)));
    assert.equal(client.ended, false);
    target.socket.end(back);
    await until('the client sees the end', () => client.ended);
    assert.ok(back.equals(Buffer.concat(client.pieces)));
    await until('both are done', () => done.client !== undefined && done.target !== undefined);
    assert.deepEqual(done, { client: { error: undefined }, target: { error: undefined } });
    await until('all sockets are closed', () => client.closed && target.closed);
    assert.deepEqual([client.error, target.error], [undefined, undefined]);
    await until('all credit is back', () => pair.server.session.promisedBytes + pair.client.session.promisedBytes === 0);
  });

  test(`${kind}: a client that ends first still gets the whole answer`, async () => {
    await using stack = new AsyncDisposableStack();
    const { client, target } = await spliced(stack, kind);
    client.socket.end('question');
    await until('the question is there', () => target.ended);
    client.socket.pause();
    target.socket.end(noise(8 * MiB, 3));
    await until('the answer is under way', () => target.socket.bytesWritten > 0);
    client.socket.resume();
    await until('the answer is there', () => client.ended);
    assert.equal(client.bytes, 8 * MiB);
  });

  test(`${kind}: a client that goes away takes the target's connection along`, async () => {
    await using stack = new AsyncDisposableStack();
    const { client, target, done } = await spliced(stack, kind);
    client.socket.write('hello');
    await until('it arrives', () => target.text === 'hello');
    if (kind === 'tcp') client.socket.resetAndDestroy();
    else client.socket.destroy();
    target.socket.on('end', () => target.socket.end());
    await until('the target\'s connection is over', () => target.closed);
    await until('both are done', () => done.client !== undefined && done.target !== undefined);
    if (kind === 'tcp') assert.equal(done.target?.error?.code, 'CANCELLED');
  });

  test(`${kind}: when the link is cut in the middle of an answer, both sockets get an error within a second, not an end`, async () => {
    await using stack = new AsyncDisposableStack();
    const { pair, client, target } = await spliced(stack, kind, { linked: true });
    target.socket.write('half of the log\n');
    await until('it arrives', () => client.text === 'half of the log\n');
    pair.link!.reset();
    await until('both sockets are closed', () => client.closed && target.closed, 1000);
    assert.deepEqual([client.ended, target.ended], [false, false]);
    assert.deepEqual([client.error, target.error], ['ECONNRESET', 'ECONNRESET']);
  });

  test(`${kind}: a reader that stalls stops the writer, and holds no more than its window`, async () => {
    await using stack = new AsyncDisposableStack();
    const { pair, client, target, clientStream, targetStream } = await spliced(stack, kind);
    client.socket.pause();
    const payload = noise(24 * MiB, 4);
    target.socket.end(payload);
    await until('it stalls', () => targetStream.stalled);
    const { receivedBytes } = clientStream;
    const held = pair.server.session.promisedBytes;
    assert.ok(held <= 4 * MiB, `${held} bytes of window`);
    assert.ok(receivedBytes < payload.length, 'the kernel did not take all');
    assert.ok(targetStream.pendingBytes <= 64 * KiB, `${targetStream.pendingBytes} bytes are read ahead`);
    client.socket.resume();
    await until('all arrives', () => client.ended);
    assert.ok(payload.equals(Buffer.concat(client.pieces)));
  });
}

test('a reset of the target is an error for the client, and never a clean end', async () => {
  await using stack = new AsyncDisposableStack();
  const { client, target, done } = await spliced(stack);
  target.socket.write('the first half');
  await until('it arrives', () => client.text === 'the first half');
  target.socket.resetAndDestroy();
  await until('both are done', () => done.client !== undefined && done.target !== undefined);
  assert.deepEqual([done.client?.error?.code, done.client?.error?.message, done.client?.error?.by], ['TARGET_RESET', 'ECONNRESET', 'peer']);
  await until('the client has an error', () => client.error === 'ECONNRESET');
  assert.equal(client.ended, false);
});

test('a stream that is reset while its socket does not read gives its memory back', async () => {
  await using stack = new AsyncDisposableStack();
  const { pair, client, target, targetStream } = await spliced(stack);
  client.socket.pause();
  target.socket.write(noise(24 * MiB, 5));
  await until('it stalls', () => targetStream.stalled);
  targetStream.reset('CANCELLED', 'enough');
  await until('all credit is back', () => pair.server.session.promisedBytes === 0);
  await until('the target sees an error', () => target.error === 'ECONNRESET');
  client.socket.resume();
  await until('the client sees an error', () => client.closed);
  assert.equal(client.ended, false);
});

test('a client that is gone when it is to be spliced resets the stream', async () => {
  await using stack = new AsyncDisposableStack();
  const sockets = stack.use(await socketPair('tcp'));
  const pair = stack.use(await SessionPair.connect());
  const { near, far } = await joined(pair.server, pair.client);
  sockets.near.destroy();
  await once(sockets.near, 'close');
  new Splice(sockets.near, near.stream).start();
  assert.equal((await far.closing())?.code, 'CANCELLED');
});

test('bytes that come one by one to a socket that does not read are joined', async () => {
  await using stack = new AsyncDisposableStack();
  const { client, clientNear, clientStream, targetStream } = await spliced(stack);
  client.socket.pause();
  let filled = 0;
  while (clientNear.writableLength === 0) {
    targetStream.write(Buffer.alloc(64 * KiB));
    filled += 64 * KiB;
    await until('it arrives', () => clientStream.receivedBytes === filled);
    await new Promise((resolve) => setTimeout(resolve, 1)); // a turn for the splice's own
  }
  const single = Buffer.from(Array.from({ length: 1000 }, (_, index) => index & 0xff));
  let writes = 0;
  const { write } = clientNear;
  clientNear.write = ((...args: Parameters<typeof write>) => {
    writes += 1;
    return write.apply(clientNear, args);
  }) as typeof write;
  for (let at = 0; at < single.length; at += 1) {
    targetStream.write(single.subarray(at, at + 1));
    if (at % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await until('all is here', () => clientStream.receivedBytes === filled + single.length);
  client.socket.resume();
  await until('all arrives', () => client.bytes === filled + single.length);
  assert.ok(Buffer.concat(client.pieces).subarray(filled).equals(single));
  assert.ok(writes < 100, `${writes} writes`);
});
