import { maxObjectBytes, type ListHead, type ListReader, type ReaderOptions, type WireObject } from '../codec.ts';
import { UnreadableAnswerError } from '../errors.ts';
import { itemKind } from '../list-kind.ts';
import { isRecord, parsedObject, parseJson, textOf, wireObject } from './objects.ts';
import { ObjectScanner, skipSpace } from './value-scanner.ts';

/** No member of a list has a longer name: what is longer is not kept. */
const longestKey = 64;

/**
 * Takes the items out of a list as they pass. What remains is a list without items, which is parsed at the end: a custom
 * resource's has its kind and resourceVersion behind the items.
 */
export class JsonListReader implements ListReader {
  readonly #maxBytes: number;
  readonly #item: ObjectScanner;
  /** The list without its items. */
  readonly #rest: Buffer[] = [];
  #restBytes = 0;
  #state: 'outside' | 'items' | 'ended' = 'outside';
  #depth = 0;
  #inText = false;
  #escaped = false;
  /** The bytes of the member's name at depth 1 that is being read or was read last. */
  #key: number[] = [];
  #readsKey = false;
  /** Between two items, rather than behind a comma or at the start. */
  #behindItem = false;
  #sawComma = false;
  #sawItems = false;

  constructor({ maxBytes = maxObjectBytes }: ReaderOptions = {}) {
    this.#maxBytes = maxBytes;
    this.#item = new ObjectScanner('an item', maxBytes);
  }

  feed(chunk: Buffer): WireObject[] {
    const items: WireObject[] = [];
    let at = 0;
    while (at < chunk.length) at = this.#state === 'items' ? this.#items(chunk, at, items) : this.#outside(chunk, at);
    return items;
  }

  end(): ListHead {
    if (this.#state !== 'ended') throw new UnreadableAnswerError('MALFORMED', 'a list that is not whole');
    const list = parseJson(Buffer.concat(this.#rest), 'a list');
    const kind = itemKind(textOf(list, 'kind'));
    if (!this.#sawItems && list['items'] !== null) throw new UnreadableAnswerError('NOT_CACHEABLE', `a ${textOf(list, 'kind')} without items`);
    const meta = list['metadata'];
    if (!isRecord(meta)) throw new UnreadableAnswerError('NOT_CACHEABLE', 'a list without metadata');
    return { type: { apiVersion: textOf(list, 'apiVersion'), kind }, resourceVersion: textOf(meta, 'resourceVersion'), continue: textOf(meta, 'continue') };
  }

  /** @returns where the items begin, or the chunk's end */
  #outside(chunk: Buffer, from: number): number {
    let at = from;
    for (; at < chunk.length; at += 1) {
      const byte = chunk[at]!;
      if (this.#inText) this.#text(byte);
      else if (byte === 0x22) {
        this.#inText = true;
        if (this.#depth === 1 && this.#readsKey) this.#key = [];
      } else if (byte === 0x3a && this.#depth === 1) this.#readsKey = false;
      else if (byte === 0x2c && this.#depth === 1) this.#readsKey = true;
      else if (byte === 0x7b || byte === 0x5b) {
        const key = this.#depth === 1 && !this.#readsKey ? Buffer.from(this.#key).toString() : '';
        if (key === 'rows' && byte === 0x5b) throw new UnreadableAnswerError('NOT_CACHEABLE', 'a Table');
        this.#depth += 1;
        if (this.#depth === 1) this.#readsKey = true;
        if (key === 'items' && byte === 0x5b) {
          if (this.#sawItems) throw new UnreadableAnswerError('MALFORMED', 'a list with items twice');
          this.#sawItems = true;
          this.#state = 'items';
          at += 1;
          break;
        }
      } else if (byte === 0x7d || byte === 0x5d) {
        this.#depth -= 1;
        if (this.#depth === 0) this.#state = 'ended';
      }
    }
    this.#keep(chunk.subarray(from, at));
    return at;
  }

  #text(byte: number): void {
    if (this.#escaped) this.#escaped = false;
    else if (byte === 0x5c) this.#escaped = true;
    else if (byte === 0x22) this.#inText = false;
    if (this.#inText && this.#depth === 1 && this.#readsKey && this.#key.length <= longestKey) this.#key.push(byte);
  }

  /** @returns where the items end, or the chunk's end */
  #items(chunk: Buffer, from: number, items: WireObject[]): number {
    let at = from;
    for (;;) {
      if (!this.#item.inside) {
        at = this.#toNextItem(chunk, at);
        if (at === chunk.length || this.#state !== 'items') return at;
      }
      const found = this.#item.scan(chunk, at);
      if (found === undefined) return chunk.length;
      items.push(wireObject(parsedObject(parseJson(found.object, 'an item')), found.object));
      this.#behindItem = true;
      at = found.end;
    }
  }

  /** @returns where an item begins, or the closing bracket of the items, or the chunk's end */
  #toNextItem(chunk: Buffer, from: number): number {
    for (let at = skipSpace(chunk, from); at < chunk.length; at = skipSpace(chunk, at + 1)) {
      const byte = chunk[at]!;
      if (byte === 0x2c && this.#behindItem) {
        this.#behindItem = false;
        this.#sawComma = true;
      } else if (byte === 0x5d && (this.#behindItem || !this.#sawComma)) {
        this.#state = 'outside';
        return at;
      } else if (byte === 0x7b && !this.#behindItem) return at;
      else throw new UnreadableAnswerError('MALFORMED', 'items that are not a list of objects');
    }
    return chunk.length;
  }

  #keep(part: Buffer): void {
    this.#restBytes += part.length;
    if (this.#restBytes > this.#maxBytes) throw new UnreadableAnswerError('TOO_LARGE', `a list with more than ${this.#maxBytes} bytes besides its items`);
    // A copy: it is a few bytes of a chunk that is mostly items.
    this.#rest.push(Buffer.from(part));
  }
}
