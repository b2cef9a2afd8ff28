import type { TLSSocket } from 'node:tls';

/** How long a peer that is told why may take to read it: it must not keep the socket. */
export const lingerMs = 1000;
/** How long the last bytes of a drained session may take on a slow link. */
export const drainedLingerMs = 10_000;

/**
 * Ends a socket after its last words. It goes on being read, into nothing, until the peer has hung up too: a socket that is
 * closed with bytes to read is reset by the kernel, and the last words that it still had to send are lost.
 *
 * @param lingerMs how long a peer that does not read them may keep the socket
 */
export function hangUp(socket: TLSSocket, lingerMs: number): void {
  if (socket.destroyed) return;
  socket.end();
  const timer = setTimeout(() => socket.destroy(), lingerMs);
  socket.once('close', () => clearTimeout(timer));
}
