import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { noise } from './random.ts';
import type { App } from './spliced.ts';
import { until } from './until.ts';

const pieceBytes = 16 * 1024;

/**
 * A target says more than its client, which does not read, lets through, and closes; the client goes on talking to it.
 *
 * @param near the other end of the target's connection, which is joined to the client's
 * @returns all that the target has said
 */
export async function sayAllAndClose(client: App, target: App, near: Socket): Promise<Buffer> {
  client.socket.pause();
  const pieces: Buffer[] = [];
  const say = (): void => {
    pieces.push(noise(pieceBytes, pieces.length));
    target.socket.write(pieces.at(-1)!);
  };
  while (!near.isPaused()) {
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
  return Buffer.concat(pieces);
}

/** The client reads on, and has all of it, and its end. */
export async function hearAll(client: App, said: Buffer): Promise<void> {
  client.socket.resume();
  await until('the client sees the end', () => client.ended);
  assert.ok(said.equals(Buffer.concat(client.pieces)), `${client.bytes} of ${said.length} bytes`);
}
