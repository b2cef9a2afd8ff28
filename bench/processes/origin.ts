import { createServer, type AddressInfo } from 'node:net';
import { announce } from './announce.ts';

/*
 * What is behind every contender. The first byte of a connection says what it does: `E` echoes, `S` with a u32 sends so many
 * blocks of 64 KiB, `K` takes so many and answers `ok`, `Z` sends without an end.
 */
const block = Buffer.alloc(65_536, 'x');

const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
  socket.on('error', () => {});
  socket.once('data', (first: Buffer) => {
    const verb = String.fromCharCode(first[0]!);
    if (verb === 'E') {
      socket.write(first);
      socket.on('data', (chunk) => socket.write(chunk));
      socket.on('end', () => socket.end());
    } else if (verb === 'K') {
      let left = first.readUInt32BE(1) * block.length - (first.length - 5);
      const took = (bytes: number): void => {
        left -= bytes;
        // Told by a count, and not by a half-close: konnectivity has none.
        if (left <= 0) socket.end('ok');
      };
      took(0);
      socket.on('data', (chunk: Buffer) => took(chunk.length));
    } else {
      let left = verb === 'S' ? first.readUInt32BE(1) : Infinity;
      const send = (): void => {
        while (left > 0 && !socket.destroyed) {
          left -= 1;
          if (!socket.write(block)) return void socket.once('drain', send);
        }
        socket.end();
      };
      send();
      socket.on('end', () => { if (verb === 'Z') socket.destroy(); });
    }
  });
});
server.listen(0, '127.0.0.1', () => announce({ port: (server.address() as AddressInfo).port }));
