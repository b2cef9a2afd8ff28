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
 * @param last called once, before the socket is closed, instead of the error: with what had not been read, which is all that there was
 */
export function heedLastWords(socket: Socket, last: (pieces: readonly Buffer[]) => void): void {
  const destroy = socket.destroy.bind(socket);
  socket.destroy = (error?: NodeJS.ErrnoException): Socket => {
    // What waits below a TLS socket is not plain, so its end is not known before it was read.
    if (error?.code !== 'EPIPE' || socket.destroyed || (socket instanceof TLSSocket && !socket.readableEnded)) return destroy(error);
    socket.removeAllListeners('data');
    last(socket.readableEnded ? [] : [...held(socket), ...unread(socket)]);
    return destroy();
  };
}

/** What Node had read and nobody had taken. */
function* held(socket: Socket): Generator<Buffer> {
  for (let piece = socket.read() as Buffer | null; piece !== null; piece = socket.read() as Buffer | null) yield piece;
}

/** What is with the kernel: there Node reads no more. A reset has come, so it is all there, and ends. */
function* unread(socket: Socket): Generator<Buffer> {
  const fd = (socket as unknown as { readonly _handle?: { readonly fd?: number } | null })._handle?.fd;
  if (fd === undefined || fd < 0) return;
  for (;;) {
    const piece = Buffer.allocUnsafe(pieceBytes);
    const bytes = readOf(fd, piece);
    if (bytes === 0) return;
    yield piece.subarray(0, bytes);
  }
}

function readOf(fd: number, piece: Buffer): number {
  try {
    return readSync(fd, piece);
  } catch {
    return 0;
  }
}
