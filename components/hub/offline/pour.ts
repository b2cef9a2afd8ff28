import type { Writable } from 'node:stream';

/** Writes pieces no faster than whoever asked for them reads: they are made when they are wanted. Ends early when the client has gone; then nobody is told. */
export async function pour(to: Writable, pieces: Iterable<Buffer>): Promise<void> {
  for (const piece of pieces) {
    if (to.destroyed) return;
    if (!to.write(piece)) await drained(to);
  }
}

async function drained(to: Writable): Promise<void> {
  if (to.destroyed || !to.writableNeedDrain) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  to.once('drain', resolve).once('close', resolve);
  await promise;
  to.off('drain', resolve).off('close', resolve);
}
