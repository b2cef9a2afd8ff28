import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cut } from './splice.ts';
import { App } from './testing/spliced.ts';
import { socketPair } from './testing/socket-pair.ts';
import { until } from './testing/until.ts';

const sockets = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length;

test('a TLS socket is written to and cut in one turn of the event loop, twice: the process lives', async () => {
  for (const size of [1, 10_000, 1 << 20]) {
    const before = sockets();
    {
      await using pair = await socketPair('tls');
      const far = new App(pair.far);
      pair.near.on('error', () => {});
      pair.near.write(Buffer.alloc(size));
      cut(pair.near);
      cut(pair.near);
      await until('the far end is told', () => far.closed);
      assert.deepEqual([far.ended, far.error, pair.near.destroyed], [false, 'ECONNRESET', true]);
    }
    await until('all is closed', () => sockets() <= before);
  }
});

for (const kind of ['tcp', 'tls'] as const) {
  test(`a ${kind} socket that is cut while it is being ended: what is missing is an error, and no file descriptor is left`, async () => {
    for (const when of ['with bytes to send', 'with its FIN on the way', 'after its FIN'] as const) {
      const before = sockets();
      {
        await using pair = await socketPair(kind);
        const far = new App(pair.far);
        pair.near.on('error', () => {});
        if (when === 'with bytes to send') {
          pair.far.pause();
          pair.near.write(Buffer.alloc(32 << 20));
          await until('the kernel takes no more', () => pair.near.writableLength > 0);
        }
        pair.near.end('the end');
        if (when === 'with its FIN on the way') await until('all is with the kernel', () => pair.near.writableLength === 0);
        if (when === 'after its FIN') await until('the FIN is sent', () => pair.near.writableFinished);
        cut(pair.near);
        pair.far.resume();
        await until('the far end is told', () => far.closed || far.ended);
        if (when === 'with bytes to send') assert.deepEqual([far.ended, far.error], [false, 'ECONNRESET']);
      }
      await until('all is closed', () => sockets() <= before);
    }
  });
}
