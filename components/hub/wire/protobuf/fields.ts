import { UnreadableAnswerError } from '../errors.ts';

const malformed = (what: string): UnreadableAnswerError => new UnreadableAnswerError('MALFORMED', `protobuf: ${what}`);

/** The number that begins at a byte, and where it ends; undefined when the bytes end in it. Beyond 2^53 it is not exact. */
function varintAt(bytes: Buffer, from: number): { readonly value: number; readonly end: number } | undefined {
  let value = 0;
  let scale = 1;
  for (let at = from; at < bytes.length; at += 1) {
    if (at - from === 10) throw malformed('a number of more than 10 bytes');
    const byte = bytes[at]!;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return { value, end: at + 1 };
    scale *= 128;
  }
  if (bytes.length - from >= 10) throw malformed('a number of more than 10 bytes');
  return undefined;
}

/** What a field begins with: its number, its wire type, and for wire type 2 its length, else its value. */
export interface FieldStart {
  readonly field: number;
  readonly wireType: number;
  readonly value: number;
  readonly end: number;
}

/** @returns undefined when the bytes end before the field's content begins */
export function fieldStartAt(bytes: Buffer, from: number): FieldStart | undefined {
  const tag = varintAt(bytes, from);
  if (tag === undefined) return undefined;
  const [field, wireType] = [Math.floor(tag.value / 8), tag.value % 8];
  if (field === 0) throw malformed('a field without a number');
  if (wireType === 1 || wireType === 5) return { field, wireType, value: wireType === 1 ? 8 : 4, end: tag.end };
  if (wireType !== 0 && wireType !== 2) throw malformed(`a field of wire type ${wireType}`);
  const value = varintAt(bytes, tag.end);
  return value === undefined ? undefined : { field, wireType, value: value.value, end: value.end };
}

/** The fields of a whole message, in order: of those with a length their bytes, of the others their value; `from` and `to` are where the whole field is. */
export function* fieldsOf(message: Buffer): Generator<{ readonly field: number; readonly bytes: Buffer | undefined; readonly value: number; readonly from: number; readonly to: number }> {
  for (let at = 0; at < message.length; ) {
    const start = fieldStartAt(message, at);
    if (start === undefined) throw malformed('a message that ends within a field');
    const { field, wireType, value } = start;
    const from = at;
    at = wireType === 0 ? start.end : start.end + value;
    if (at > message.length) throw malformed('a field that is longer than its message');
    yield { field, bytes: wireType === 2 ? message.subarray(start.end, at) : undefined, value, from, to: at };
  }
}

/** The last content of one field with a length, as protobuf has it; undefined when there is none. */
export function bytesOf(message: Buffer, wanted: number): Buffer | undefined {
  let found: Buffer | undefined;
  for (const { field, bytes } of fieldsOf(message)) if (field === wanted && bytes !== undefined) found = bytes;
  return found;
}

function varintBytes(value: number): number {
  let bytes = 1;
  for (let left = value; left >= 128; left = Math.floor(left / 128)) bytes += 1;
  return bytes;
}

function writeVarint(out: Buffer, value: number, from: number): number {
  let at = from;
  let left = value;
  for (; left >= 128; left = Math.floor(left / 128)) out[at++] = (left % 128) | 0x80;
  out[at++] = left;
  return at;
}

/** A field's tag and length, without its content. */
export function lengthHeader(field: number, length: number): Buffer {
  const out = Buffer.allocUnsafe(1 + varintBytes(length));
  out[0] = field * 8 + 2;
  writeVarint(out, length, 1);
  return out;
}

export const bytesField = (field: number, content: Buffer): Buffer => Buffer.concat([lengthHeader(field, content.length), content]);

export const textField = (field: number, text: string): Buffer => bytesField(field, Buffer.from(text));

export function numberField(field: number, value: number): Buffer {
  const out = Buffer.allocUnsafe(1 + varintBytes(value));
  out[0] = field * 8;
  writeVarint(out, value, 1);
  return out;
}
