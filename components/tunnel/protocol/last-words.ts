import { readSync } from 'node:fs';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

/** What is read of the kernel at once. */
const pieceBytes = 64 * 1024;

/**
 * Heeds what a peer had said before it closed. It may say all, close, and be told something more: its kernel answers with a reset, and the next write here fails
 * with EPIPE, which Linux says where a FIN had come before the reset (`tcp_reset`: CLOSE_WAIT). Then the peer's side is whole, and what of it waits to be read here is the
 * end of an answer. Node throws it away: whatever breaks one direction of a socket destroys both. (A reset without a FIN is ECONNRESET: its peer's kernel has thrown away the rest itself.)
 *
 * @param last called once, before the socket is closed, instead of the error: with what had not been read, to its end
 */
export function heedLastWords(socket: Socket, last: (pieces: readonly Buffer[]) => void): void {
  const destroy = socket.destroy.bind(socket);
  socket.destroy = (error?: NodeJS.ErrnoException): Socket => {
    // What waits below a TLS socket is not plain, so its end is not known before it was read.
    if (error?.code !== 'EPIPE' || socket.destroyed || (socket instanceof TLSSocket && !socket.readableEnded)) return destroy(error);
    const rest = socket.readableEnded ? [] : restOf(socket);
    if (rest === undefined) return destroy(error);
    last(rest);
    return destroy();
  };
}

/** What Node had read and nobody had taken, and what is with the kernel, where Node reads no more: a reset has come, so it is all there. Undefined: it does not end, as a FIN would end it. */
function restOf(socket: Socket): Buffer[] | undefined {
  const fd = (socket as unknown as { readonly _handle?: { readonly fd?: number } | null })._handle?.fd;
  if (fd === undefined || fd < 0) return undefined;
  socket.removeAllListeners('data');
  const rest: Buffer[] = [];
  for (let piece = socket.read() as Buffer | null; piece !== null; piece = socket.read() as Buffer | null) rest.push(piece);
  const room = Buffer.allocUnsafe(pieceBytes);
  try {
    for (let bytes = readSync(fd, room); bytes > 0; bytes = readSync(fd, room)) rest.push(Buffer.from(room.subarray(0, bytes)));
    return rest;
  } catch {
    return undefined;
  }
}
