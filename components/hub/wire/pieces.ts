/** So much is worth a write of its own. */
const pieceBytes = 65_536;

/** Joins small buffers, so that a list of thousands of items is not as many writes. */
export function* inPieces(buffers: Iterable<Buffer>): Generator<Buffer> {
  let waiting: Buffer[] = [];
  let bytes = 0;
  for (const buffer of buffers) {
    waiting.push(buffer);
    bytes += buffer.length;
    if (bytes < pieceBytes) continue;
    yield Buffer.concat(waiting, bytes);
    waiting = [];
    bytes = 0;
  }
  if (bytes > 0) yield Buffer.concat(waiting, bytes);
}

/** A copy in memory of its own: a view of a received chunk would keep all of that chunk. */
export function owned(parts: readonly Buffer[]): Buffer {
  const copy = Buffer.allocUnsafeSlow(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) at += part.copy(copy, at);
  return copy;
}
