import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { noise } from '../protocol/testing/random.ts';
import { socketPair } from '../protocol/testing/socket-pair.ts';
import { App } from '../protocol/testing/spliced.ts';
import { until } from '../testing/until.ts';
import { joinSockets } from './join-sockets.ts';

test('one that has said all and closes is heard to its end, whatever is still said to it', async () => {
  await using stack = new AsyncDisposableStack();
  const [left, right] = [stack.use(await socketPair('tcp')), stack.use(await socketPair('tcp'))];
  joinSockets(left.near, right.near);
  const [client, target] = [new App(left.far), new App(right.far)];
  client.socket.pause();
  const pieces: Buffer[] = [];
  const say = (): void => {
    pieces.push(noise(16 * 1024, pieces.length));
    target.socket.write(pieces.at(-1)!);
  };
  while (!right.near.isPaused()) {
    say();
    await until('it was taken', () => target.socket.writableLength === 0);
    await sleep(1);
  }
  for (let more = 0; more < 3; more += 1) say();
  target.socket.end(() => void target.socket.destroy());
  await until('the target is gone', () => target.closed);
  for (let times = 0; times < 3; times += 1) {
    client.socket.write('said to nobody');
    await sleep(20);
  }
  client.socket.resume();
  await until('the client sees the end', () => client.ended);
  assert.ok(Buffer.concat(pieces).equals(Buffer.concat(client.pieces)), `${client.bytes} of ${16 * 1024 * pieces.length} bytes`);
  client.socket.end('and this too');
  await until('both are closed', () => left.near.destroyed && right.near.destroyed);
  assert.equal(client.error, undefined);
});
