import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hearAll, sayAllAndClose } from '../protocol/testing/last-words.ts';
import { socketPair } from '../protocol/testing/socket-pair.ts';
import { App } from '../protocol/testing/spliced.ts';
import { until } from '../testing/until.ts';
import { joinSockets } from './join-sockets.ts';

test('one that has said all and closes is heard to its end, whatever is still said to it', async () => {
  await using stack = new AsyncDisposableStack();
  const [left, right] = [stack.use(await socketPair('tcp')), stack.use(await socketPair('tcp'))];
  joinSockets(left.near, right.near);
  const [client, target] = [new App(left.far), new App(right.far)];
  await hearAll(client, await sayAllAndClose(client, target, right.near));
  client.socket.end('and this too');
  await until('both are closed', () => left.near.destroyed && right.near.destroyed);
  assert.equal(client.error, undefined);
});
