import { UnreadableAnswerError } from '../errors.ts';

const quote = 0x22;
const backslash = 0x5c;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;

/** Finds the end of one JSON object whose bytes come in any cut, and holds them. Only its borders are looked for: whoever parses it sees whether it is JSON. */
export class ObjectScanner {
  readonly #what: string;
  readonly #maxBytes: number;
  #held: Buffer[] = [];
  #heldBytes = 0;
  #depth = 0;
  #inText = false;
  #escaped = false;

  /** @param what for the error that it is too large */
  constructor(what: string, maxBytes: number) {
    this.#what = what;
    this.#maxBytes = maxBytes;
  }

  /** True while an object has begun and not ended. */
  get inside(): boolean {
    return this.#depth > 0;
  }

  /**
   * Goes on at a byte of a chunk; the first of an object must be its brace.
   *
   * @returns where the object ends in this chunk, and all of its bytes (maybe a view of the chunk); undefined when it goes on in the next
   * @throws UnreadableAnswerError TOO_LARGE
   */
  scan(chunk: Buffer, from: number): { readonly end: number; readonly object: Buffer } | undefined {
    const end = this.#endIn(chunk, from);
    const part = chunk.subarray(from, end ?? chunk.length);
    if (this.#heldBytes + part.length > this.#maxBytes) throw new UnreadableAnswerError('TOO_LARGE', `${this.#what} of more than ${this.#maxBytes} bytes`);
    this.#held.push(part);
    this.#heldBytes += part.length;
    if (end === undefined) return undefined;
    const object = this.#held.length === 1 ? part : Buffer.concat(this.#held, this.#heldBytes);
    this.#held = [];
    this.#heldBytes = 0;
    return { end, object };
  }

  #endIn(chunk: Buffer, from: number): number | undefined {
    let depth = this.#depth;
    let inText = this.#inText;
    let escaped = this.#escaped;
    let at = from;
    for (; at < chunk.length; at += 1) {
      const byte = chunk[at]!;
      if (inText) {
        if (escaped) escaped = false;
        else if (byte === backslash) escaped = true;
        else if (byte === quote) inText = false;
      } else if (byte === quote) inText = true;
      else if (byte === openBrace || byte === openBracket) depth += 1;
      else if (byte === closeBrace || byte === closeBracket) {
        depth -= 1;
        if (depth === 0) break;
      }
    }
    this.#depth = depth;
    this.#inText = inText;
    this.#escaped = escaped;
    return at < chunk.length ? at + 1 : undefined;
  }
}

const isSpace = (byte: number): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

/** The first byte at or after a place that is no white space; the length when there is none. */
export function skipSpace(bytes: Buffer, from: number): number {
  let at = from;
  while (at < bytes.length && isSpace(bytes[at]!)) at += 1;
  return at;
}

/**
 * The bytes of one member's value of a whole, well-formed JSON object; undefined when it has none. Of several, the last,
 * as JSON.parse has it.
 */
export function memberOf(object: Buffer, name: string): Buffer | undefined {
  let found: Buffer | undefined;
  for (let at = skipSpace(object, 1); object[at] === quote; ) {
    const keyEnd = textEnd(object, at);
    const valueStart = skipSpace(object, skipSpace(object, keyEnd) + 1);
    const valueEnd = endOfValue(object, valueStart);
    if (JSON.parse(object.toString('utf8', at, keyEnd)) === name) found = object.subarray(valueStart, valueEnd);
    at = skipSpace(object, valueEnd);
    if (object[at] === 0x2c) at = skipSpace(object, at + 1);
  }
  return found;
}

/** Where the text ends that begins at a quote: behind its closing one. */
function textEnd(bytes: Buffer, from: number): number {
  let at = from + 1;
  while (bytes[at] !== quote) at += bytes[at] === backslash ? 2 : 1;
  return at + 1;
}

function endOfValue(bytes: Buffer, from: number): number {
  const first = bytes[from]!;
  if (first === quote) return textEnd(bytes, from);
  let at = from;
  let depth = 0;
  for (; at < bytes.length; at += 1) {
    const byte = bytes[at]!;
    if (byte === quote) at = textEnd(bytes, at) - 1;
    else if (byte === openBrace || byte === openBracket) depth += 1;
    else if (byte === closeBrace || byte === closeBracket) {
      if (depth === 0) return at;
      depth -= 1;
      if (depth === 0) return at + 1;
    } else if (depth === 0 && (byte === 0x2c || isSpace(byte))) return at;
  }
  return at;
}

/** Without the white space between its tokens, as the API server writes an object unless it is asked for a pretty one: a watch has one a line. */
export function compact(object: Buffer): Buffer {
  if (!object.includes(0x0a)) return object;
  const out = Buffer.allocUnsafe(object.length);
  let length = 0;
  for (let at = 0; at < object.length; ) {
    const end = object[at] === quote ? textEnd(object, at) : at + 1;
    if (!isSpace(object[at]!)) length += object.copy(out, length, at, end);
    at = end;
  }
  return out.subarray(0, length);
}
