import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { FrameDecoder } from './decode.ts';
import { dataHeader, openFrame, resetFrame } from './encode.ts';
import { ProtocolError } from './errors.ts';
import { alpnProtocol, frameTypes, isStreamFrame, maxReasonBytes, maxTargetBytes, payloadBounds, reasonCodes } from './frame.ts';
import { encodeFrame } from './testing/encode-frame.ts';
import { frameLog, type Frame } from './testing/frame-log.ts';

interface Vectors {
  readonly protocol: string;
  /** `decodeOnly`: what no encoder of this version writes. */
  readonly valid: readonly { readonly name: string; readonly hex: string; readonly frame: Frame; readonly decodeOnly?: boolean }[];
  readonly invalid: readonly { readonly name: string; readonly hex: string; readonly error: string }[];
}

const vectors = JSON.parse(readFileSync(new URL('./vectors.json', import.meta.url), 'utf8')) as Vectors;

/** What a decoder makes of bytes that come in these chunks. */
function decode(chunks: Iterable<Uint8Array>): { frames: Frame[]; decoder: FrameDecoder } {
  const frames: Frame[] = [];
  const decoder = new FrameDecoder(frameLog(frames));
  for (const chunk of chunks) decoder.feed(Buffer.from(chunk));
  return { frames, decoder };
}

test('the test vectors are of this version', () => assert.equal(vectors.protocol, alpnProtocol));

test('valid vectors: each frame is its bytes, and the bytes are the frame, whole or one by one', () => {
  for (const { name, hex, frame, decodeOnly } of vectors.valid) {
    const bytes = Buffer.from(hex, 'hex');
    if (decodeOnly !== true) assert.equal(encodeFrame(frame).toString('hex'), hex, name);
    for (const chunks of [[bytes], Array.from(bytes, (byte) => Uint8Array.of(byte))]) {
      const { frames, decoder } = decode(chunks);
      assert.deepEqual(frames, [frame], name);
      assert.equal(decoder.atBoundary, true, name);
    }
  }
  const all = decode([Buffer.from(vectors.valid.map(({ hex }) => hex).join(''), 'hex')]);
  assert.deepEqual(all.frames, vectors.valid.map(({ frame }) => frame));
});

test('invalid vectors: each is refused with its sentence', () => {
  for (const { name, hex, error } of vectors.invalid) {
    const bytes = Buffer.from(hex, 'hex');
    for (const chunks of [[bytes], Array.from(bytes, (byte) => Uint8Array.of(byte))]) {
      assert.throws(() => decode(chunks), (thrown) => thrown instanceof ProtocolError && thrown.message === error, name);
    }
  }
});

test('every type and every reason has a vector', () => {
  const frames = vectors.valid.map(({ frame }) => frame);
  assert.deepEqual([...new Set(frames.map(({ type }) => type))].sort(), ['CREDIT', 'DATA', 'FIN', 'GOAWAY', 'HELLO', 'OPEN', 'OPENED', 'PING', 'PONG', 'RESET']);
  assert.deepEqual([...new Set(frames.flatMap((frame) => (frame.type === 'RESET' ? [frame.code] : [])))].sort(), Object.keys(reasonCodes).sort());
});

test('the specification says what the code does', () => {
  const specification = readFileSync(new URL('../../../docs/tunnel-protocol.md', import.meta.url), 'utf8');
  const rows = (heading: string): string[][] => {
    const table = specification.slice(specification.indexOf(heading)).split('\n');
    const body = table.slice(2, table.findIndex((line) => !line.startsWith('|')));
    return body.map((line) => line.split('|').slice(1, -1).map((cell) => cell.trim()));
  };
  const frames = Object.entries(frameTypes).map(([name, type]) => [String(type), name, isStreamFrame(type) ? 'of a stream' : '0', [...new Set(payloadBounds[type])].join('–')]);
  assert.deepEqual(rows('| type | name |').map((cells) => cells.slice(0, 4)), frames);
  assert.deepEqual(rows('| code | name |').map((cells) => cells.slice(0, 2)), Object.entries(reasonCodes).map(([name, code]) => [String(code), name]));
});

const stream = fc.integer({ min: 1, max: 0xffff_ffff });
const u32 = fc.nat({ max: 0xffff_ffff });
const hex = (constraints: fc.IntArrayConstraints): fc.Arbitrary<string> => fc.uint8Array(constraints).map((bytes) => Buffer.from(bytes).toString('hex'));
const text = (minBytes: number, maxBytes: number): fc.Arbitrary<string> =>
  fc.string({ unit: 'binary', minLength: minBytes, maxLength: 80 }).filter((value) => value.isWellFormed() && Buffer.byteLength(value) >= minBytes && Buffer.byteLength(value) <= maxBytes);
const code = fc.constantFrom(...Object.keys(reasonCodes));
const plain = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> => fc.record<T>(model, { noNullPrototype: true });
const frame: fc.Arbitrary<Frame> = fc.oneof(
  plain({ type: fc.constant('DATA' as const), stream, payload: hex({ minLength: 1, maxLength: 300 }) }),
  plain({ type: fc.constant('CREDIT' as const), stream, bytes: u32 }),
  plain({ type: fc.constant('FIN' as const), stream }),
  plain({ type: fc.constant('RESET' as const), stream, code, reason: text(0, maxReasonBytes) }),
  plain({ type: fc.constant('OPEN' as const), stream, credit: u32, deadlineMs: u32, target: text(1, maxTargetBytes) }),
  plain({ type: fc.constant('OPENED' as const), stream, credit: u32 }),
  plain({ type: fc.constantFrom('PING' as const, 'PONG' as const), opaque: hex({ minLength: 8, maxLength: 8 }) }),
  plain({ type: fc.constant('GOAWAY' as const), code, reason: text(0, maxReasonBytes) }),
  plain({ type: fc.constant('HELLO' as const), maxStreams: u32, instance: text(0, 256) }),
);

/** The bytes in chunks whose lengths repeat. */
function* split(bytes: Buffer, sizes: readonly number[]): Generator<Buffer> {
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length]!;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 700 })), { minLength: 1, maxLength: 8 });

test('frames come out as they went in, however their bytes are split', () => {
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 12 }), sizes, (frames, chunkSizes) => {
      const seen = decode(split(Buffer.concat(frames.map(encodeFrame)), chunkSizes));
      assert.deepEqual(seen.frames, frames);
      assert.equal(seen.decoder.atBoundary, true);
    }),
    { numRuns: 400 },
  );
});

test('any bytes are frames or a ProtocolError, and mean the same however they are split', () => {
  const outcome = (chunks: Iterable<Uint8Array>): unknown => {
    const frames: Frame[] = [];
    const decoder = new FrameDecoder(frameLog(frames));
    try {
      for (const chunk of chunks) decoder.feed(Buffer.from(chunk));
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      return { frames, error: error.message };
    }
    return { frames, boundary: decoder.atBoundary };
  };
  // Bytes that begin as frames do: pure noise is refused at its first byte.
  const nearly = fc.tuple(fc.array(frame, { maxLength: 4 }), fc.uint8Array({ maxLength: 40 }), fc.nat({ max: 400 }), fc.nat({ max: 255 })).map(([frames, tail, at, byte]) => {
    const bytes = Buffer.concat([...frames.map(encodeFrame), tail]);
    if (bytes.length > 0) bytes[at % bytes.length] = byte;
    return bytes;
  });
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), nearly), sizes, (bytes, chunkSizes) => {
      assert.deepEqual(outcome(split(Buffer.from(bytes), chunkSizes)), outcome([bytes]));
    }),
    { numRuns: 800 },
  );
});

test('a decoder that is stopped while it tells of a frame tells of no other', () => {
  const frames: Frame[] = [];
  const decoder: FrameDecoder = new FrameDecoder({ ...frameLog(frames), fin: () => decoder.stop() });
  const fin = encodeFrame({ type: 'FIN', stream: 1 });
  decoder.feed(Buffer.concat([encodeFrame({ type: 'OPENED', stream: 1, credit: 1 }), fin, encodeFrame({ type: 'DATA', stream: 1, payload: '00' }), fin]));
  decoder.feed(Buffer.from('garbage'));
  assert.deepEqual(frames.map(({ type }) => type), ['OPENED']);
});

test('the largest DATA frame', () => {
  const bytes = Buffer.concat([dataHeader(1, 65_536), Buffer.alloc(65_536, 'x')]);
  const [seen] = decode([bytes]).frames;
  assert.ok(seen?.type === 'DATA' && seen.payload.length === 2 * 65_536);
});

test('a reason that is too long is cut between characters', () => {
  const long = `${'a'.repeat(maxReasonBytes - 1)}ü and more`;
  assert.deepEqual(decode([resetFrame(1, 'INTERNAL', long)]).frames, [{ type: 'RESET', stream: 1, code: 'INTERNAL', reason: 'a'.repeat(maxReasonBytes - 1) }]);
});

test('a target that is too long, or none, is a mistake of the caller', () => {
  for (const target of ['', 'x'.repeat(maxTargetBytes + 1), 'ü'.repeat(maxTargetBytes / 2 + 1)]) assert.throws(() => openFrame(1, 1, 1, target), RangeError);
});
