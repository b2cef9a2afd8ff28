import type { Reservation, State } from '../state.ts';

const version = 1;

/** FNV-1a over words of 32 bits: what `node:zlib` and `node:crypto` have is better and takes 4 and 7 ms to load, at each start of a Pod. */
function sumOf(bytes: Buffer): string {
  const words = bytes.length - (bytes.length % 4);
  let sum = 0x811c9dc5 ^ bytes.length;
  for (let at = 0; at < words; at += 4) sum = Math.imul(sum ^ (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)), 0x01000193);
  for (let at = words; at < bytes.length; at += 1) sum = Math.imul(sum ^ bytes[at]!, 0x01000193);
  // The high bits of a word reach only the high bits of the sum.
  return ((sum ^ (sum >>> 15)) >>> 0).toString(16).padStart(8, '0');
}

/** One line of JSON, then one with its sum: a file that ends early, or of which the disk gives back other bytes, is told from a whole one. */
export function encodeState({ changes, last, reservations }: State): Buffer {
  return sealed({ version, changes, last, reservations });
}

/** @param content of a file of any version */
export function sealed(content: object): Buffer {
  const body = Buffer.from(`${JSON.stringify(content)}\n`);
  return Buffer.concat([body, Buffer.from(`${sumOf(body)}\n`)]);
}

/** @returns undefined for what was not written by {@link encodeState} whole */
export function decodeState(bytes: Buffer): State | undefined {
  const end = bytes.indexOf('\n') + 1;
  if (end === 0 || bytes.toString('latin1', end) !== `${sumOf(bytes.subarray(0, end))}\n`) return undefined;
  try {
    const read = JSON.parse(bytes.toString('utf8', 0, end)) as State & { readonly version: number };
    if (read.version !== version) return undefined;
    return { changes: read.changes, last: read.last, reservations: read.reservations satisfies readonly Reservation[] };
  } catch (error) {
    // The sum was right by chance.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
