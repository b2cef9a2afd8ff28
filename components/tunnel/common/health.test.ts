import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { test } from 'node:test';
import { Registry } from 'prom-client';
import { startHealth } from './health.ts';

const options = { host: '127.0.0.1', registry: new Registry(), notReady: () => undefined };

async function takenPort(): Promise<{ port: number; leave: () => void }> {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  return { port: (other.address() as AddressInfo).port, leave: () => void other.close() };
}

test('a port that is taken for a while is waited for, and told of once', async () => {
  const { port, leave } = await takenPort();
  const told: string[] = [];
  await using server = await startHealth({ ...options, port, takenForMs: 60_000, taken: () => { told.push('taken'); setTimeout(leave, 300); } });
  assert.deepEqual(told, ['taken']);
  assert.equal((server.address() as AddressInfo).port, port);
  assert.equal((await fetch(`http://127.0.0.1:${port}/healthz`, { headers: { connection: 'close' } })).status, 200);
});

test('a port that stays taken is an error: at once, or when the time is over', async () => {
  const { port, leave } = await takenPort();
  try {
    await assert.rejects(startHealth({ ...options, port }), { code: 'EADDRINUSE' });
    let told = 0;
    await assert.rejects(startHealth({ ...options, port, takenForMs: 300, taken: () => void (told += 1) }), { code: 'EADDRINUSE' });
    assert.equal(told, 1);
  } finally {
    leave();
  }
});
