import { createReadStream, createWriteStream } from 'node:fs';
import { chmod, open, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { CannotTellError } from '../../core/errors.ts';

/**
 * Copies a program without what only debuggers read: it ends after its last segment, which leaves out the symbols, DWARF and
 * the table of sections (ELF-64 object file format, version 1.5, sections 3 and 6). Of Node's own builds that is a quarter.
 * `strip` would do the same and is not on every machine.
 *
 * @throws CannotTellError `NOT_A_PROGRAM` for what is no little-endian ELF-64
 */
export async function copyStripped(source: string, target: string): Promise<void> {
  const end = await endOfSegments(source);
  await pipeline(createReadStream(source, { end: end - 1 }), createWriteStream(target));
  await using file = await open(target, 'r+');
  await file.write(Buffer.alloc(8), 0, 8, header.sectionsOffset);
  await file.write(Buffer.alloc(4), 0, 4, header.sectionsCount); // and the index of their names
  await chmod(target, (await stat(source)).mode & 0o777);
}

/** Offsets of fields in the file's header, and in each program header. */
const header = { bytes: 64, segmentsOffset: 32, sectionsOffset: 40, segmentBytes: 54, segmentCount: 56, sectionsCount: 60 } as const;
const segment = { offset: 8, bytesInFile: 32 } as const;

async function endOfSegments(path: string): Promise<number> {
  await using file = await open(path);
  const read = async (bytes: number, offset: number): Promise<Buffer> => (await file.read(Buffer.alloc(bytes), 0, bytes, offset)).buffer;
  const head = await read(header.bytes, 0);
  if (head.toString('latin1', 0, 6) !== '\x7fELF\x02\x01') throw new CannotTellError('NOT_A_PROGRAM', `${path} is not a 64-bit Linux program`);
  const table = Number(head.readBigUInt64LE(header.segmentsOffset));
  const [bytes, count] = [head.readUInt16LE(header.segmentBytes), head.readUInt16LE(header.segmentCount)];
  const segments = await read(bytes * count, table);
  const ends = Array.from({ length: count }, (_, i) => Number(segments.readBigUInt64LE(i * bytes + segment.offset) + segments.readBigUInt64LE(i * bytes + segment.bytesInFile)));
  return Math.max(table + bytes * count, ...ends);
}
