import { crc32 } from 'node:zlib';

/**
 * `key` says what a file is of, and is its first; `commit` makes all before it count, so a file without one counts for nothing; `synced` says
 * how many bytes the disk had when it was written.
 */
export const recordTypes = { key: 1, put: 2, delete: 3, commit: 4, touch: 5, synced: 6 } as const;
export type RecordType = (typeof recordTypes)[keyof typeof recordTypes];

/** Text that goes with a row: few, small, and the same after JSON. */
export type RecordMeta = Readonly<Record<string, string | number | readonly string[]>>;

export interface LogRecord {
  readonly type: RecordType;
  /** Milliseconds since 1970. */
  readonly time: number;
  /** Of the row; '' where there is none. */
  readonly key: string;
  readonly meta: RecordMeta;
  readonly raw: Buffer;
}

export const noBytes = Buffer.alloc(0);

/** u32 length of what follows the CRC, u32 CRC of the length and of what follows; little-endian. */
const frameBytes = 8;
/** u8 type, u48 time, u32 length of the key, u32 length of the meta; then key, meta and raw. */
const fixedBytes = 15;

/** Before the first record: 8 bytes of text, u32 seed of all the file's CRCs, u32 CRC of those. */
const headerBytes = 16;
const magic = Buffer.from('EPHUB1\n\0', 'latin1');

/**
 * @param seed random, of this file: what a client had us store cannot hold a record that would be taken for one of ours, and a block of
 * another file is not taken for one of this
 */
export function encodeHeader(seed: number): Buffer {
  const header = Buffer.alloc(headerBytes);
  magic.copy(header);
  header.writeUInt32LE(seed, 8);
  header.writeUInt32LE(crc32(header.subarray(0, 12)), 12);
  return header;
}

/** @returns the seed; undefined when this is no whole header */
function decodeHeader(file: Buffer): number | undefined {
  if (file.length < headerBytes || magic.compare(file, 0, magic.length) !== 0 || file.readUInt32LE(12) !== crc32(file.subarray(0, 12))) return undefined;
  return file.readUInt32LE(8);
}

export function encodeRecord(seed: number, { type, time, key, meta, raw }: LogRecord): Buffer {
  const [keyText, metaText] = [Buffer.from(key), Buffer.from(JSON.stringify(meta))];
  const length = fixedBytes + keyText.length + metaText.length + raw.length;
  const out = Buffer.allocUnsafe(frameBytes + length);
  out.writeUInt32LE(length, 0);
  out.writeUInt8(type, 8);
  out.writeUIntLE(time, 9, 6);
  out.writeUInt32LE(keyText.length, 15);
  out.writeUInt32LE(metaText.length, 19);
  let at = frameBytes + fixedBytes;
  for (const part of [keyText, metaText, raw]) at += part.copy(out, at);
  out.writeUInt32LE(crcOf(seed, out, 0, length), 4);
  return out;
}

const crcOf = (seed: number, file: Buffer, at: number, length: number): number => crc32(file.subarray(at + frameBytes, at + frameBytes + length), crc32(file.subarray(at, at + 4), seed));

/** The record that begins at a byte, and where it ends; undefined when there is no whole and sound one. Its raw bytes are a view of the file. */
function recordAt(seed: number, file: Buffer, at: number): { readonly record: LogRecord; readonly end: number } | undefined {
  if (at + frameBytes + fixedBytes > file.length) return undefined;
  const length = file.readUInt32LE(at);
  const end = at + frameBytes + length;
  if (length < fixedBytes || end > file.length || file.readUInt32LE(at + 4) !== crcOf(seed, file, at, length)) return undefined;
  const start = at + frameBytes;
  const metaAt = start + fixedBytes + file.readUInt32LE(start + 7);
  const rawAt = metaAt + file.readUInt32LE(start + 11);
  const record: LogRecord = {
    type: file.readUInt8(start) as RecordType,
    time: file.readUIntLE(start + 1, 6),
    key: file.toString('utf8', start + fixedBytes, metaAt),
    meta: JSON.parse(file.toString('utf8', metaAt, rawAt)) as RecordMeta,
    raw: file.subarray(rawAt, end),
  };
  return { record, end };
}

export interface ReadLog {
  readonly seed: number;
  readonly records: readonly { readonly record: LogRecord; readonly bytes: number }[];
  /** Up to the end of the last sound record; what follows is to be cut off. */
  readonly soundBytes: number;
  /** All of them were known to be on the disk. */
  readonly synced: boolean;
}

/**
 * Reads a file back to its last whole record. What follows that is what a crash left of writes that the disk did not have yet; a later
 * record that says the disk did have them shows that something is damaged instead.
 *
 * @returns why it cannot be read: it has no header, or it is damaged otherwise than at its end
 */
export function readLog(file: Buffer): ReadLog | 'no header' | 'damaged' {
  const seed = decodeHeader(file);
  if (seed === undefined) return 'no header';
  const records: { record: LogRecord; bytes: number }[] = [];
  let at = headerBytes;
  for (let read = recordAt(seed, file, at); read !== undefined; read = recordAt(seed, file, at)) {
    records.push({ record: read.record, bytes: read.end - at });
    at = read.end;
  }
  // A length can be damaged too, so a record may follow at any byte.
  for (let next = at + 1; next < file.length; next += 1) {
    const later = recordAt(seed, file, next)?.record;
    if (later?.type === recordTypes.synced && syncedBytesOf(later) > at) return 'damaged';
  }
  const last = records.at(-1);
  return { seed, records, soundBytes: at, synced: last?.record.type === recordTypes.synced && syncedBytesOf(last.record) === at - last.bytes };
}

export const syncedRecord = (time: number, bytes: number): LogRecord => ({ type: recordTypes.synced, time, key: '', meta: { bytes }, raw: noBytes });

const syncedBytesOf = ({ meta }: LogRecord): number => Number(meta['bytes']);
