import type { Socket } from 'node:net';
import { cut, heedLastWords } from '../protocol/index.ts';

/** Joins two sockets, both ways: half-close passes through, and what breaks one breaks the other. One that has said all and takes no more has ended. */
export function joinSockets(one: Socket, other: Socket): void {
  // Otherwise Node would end one by itself when its other end has nothing more to say.
  one.allowHalfOpen = other.allowHalfOpen = true;
  for (const [from, to] of [[one, other], [other, one]] as const) {
    let deaf = false;
    heedLastWords(from, (pieces) => {
      deaf = true;
      from.unpipe(to);
      for (const piece of pieces) to.write(piece);
      to.end();
      // Nobody can take it any more.
      to.unpipe(from);
      to.resume();
    });
    from.on('error', () => cut(to));
    // Whatever is not the agreed end of both directions: also of one that had said its own end, and not heard the other's.
    from.on('close', () => {
      if (!deaf && (!from.readableEnded || !from.writableFinished)) cut(to);
    });
    from.pipe(to);
  }
}
