import type { Socket } from 'node:net';
import { cut } from '../protocol/index.ts';

/** Joins two sockets, both ways: half-close passes through, and what breaks one breaks the other. */
export function joinSockets(one: Socket, other: Socket, done: (bytes: { readonly toOther: number; readonly toOne: number }) => void): void {
  // Otherwise Node would end one by itself when its other end has nothing more to say.
  one.allowHalfOpen = other.allowHalfOpen = true;
  let open = 2;
  for (const [from, to] of [[one, other], [other, one]] as const) {
    from.on('error', () => cut(to));
    from.on('close', () => {
      if (!from.readableEnded) cut(to);
      open -= 1;
      if (open === 0) done({ toOther: other.bytesWritten, toOne: one.bytesWritten });
    });
    from.pipe(to);
  }
}
