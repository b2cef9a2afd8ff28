import type { TLSSocket } from 'node:tls';

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
