import { createHash } from 'node:crypto';
import type { Recorder } from './recorder.ts';

/** Numbers from 0 to 1 that look random and are the same for each seed (mulberry32). */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Bytes that differ at each place. */
export function noise(bytes: number, seed: number): Buffer {
  const buffer = Buffer.allocUnsafeSlow(bytes);
  const next = random(seed);
  const aligned = bytes - (bytes % 4);
  for (let at = 0; at < aligned; at += 4) buffer.writeUInt32LE(Math.floor(next() * 2 ** 32), at);
  buffer.fill(seed & 0xff, aligned);
  return buffer;
}

/** Sends many bytes in pieces of random sizes, then the end. @returns the SHA-256 of what was sent */
export async function sendNoise(recorder: Recorder, bytes: number, seed: number): Promise<string> {
  const source = noise(1 << 20, seed);
  const hash = createHash('sha256');
  const next = random(seed);
  for (let left = bytes; left > 0;) {
    // From one byte to several quanta; small ones as often as large ones.
    const size = Math.min(left, Math.ceil(2 ** (next() * 18)));
    const from = Math.floor(next() * (source.length - size));
    const piece = source.subarray(from, from + size);
    hash.update(piece);
    await recorder.write(piece);
    left -= size;
  }
  recorder.stream.end();
  return hash.digest('hex');
}
