import { maxObjectBytes, type ListHead, type ListReader, type ReaderOptions, type TypeMeta, type WireObject } from '../codec.ts';
import { UnreadableAnswerError } from '../errors.ts';
import { itemKind } from '../list-kind.ts';
import { ByteQueue } from './byte-queue.ts';
import { bytesOf } from './fields.ts';
import { checkUnknownField, magic, typeMetaOf, wireObject } from './messages.ts';

/** `k8s\0` and runtime.Unknown, whose field 2 is the list: field 1 its ListMeta, field 2 an item each. */
export class ProtobufListReader implements ListReader {
  readonly #maxBytes: number;
  readonly #queue = new ByteQueue();
  #begun = false;
  /** Bytes still to come of the list's message; undefined outside of it. */
  #listLeft: number | undefined;
  /** The field whose content is awaited. */
  #field: { readonly number: number; readonly bytes: number } | undefined;
  #type: TypeMeta | undefined;
  #meta: Buffer | undefined;
  #sawList = false;

  constructor({ maxBytes = maxObjectBytes }: ReaderOptions = {}) {
    this.#maxBytes = maxBytes;
  }

  feed(chunk: Buffer): WireObject[] {
    const items: WireObject[] = [];
    this.#queue.push(chunk);
    while (this.#step(items));
    return items;
  }

  end(): ListHead {
    if (!this.#begun || this.#listLeft !== undefined || this.#field !== undefined || this.#queue.length > 0 || !this.#sawList) throw new UnreadableAnswerError('MALFORMED', 'a list that is not whole');
    if (this.#type === undefined || this.#meta === undefined) throw new UnreadableAnswerError('NOT_CACHEABLE', 'a list without kind or metadata');
    const text = (field: number): string => bytesOf(this.#meta!, field)?.toString() ?? '';
    return { type: { apiVersion: this.#type.apiVersion, kind: itemKind(this.#type.kind) }, resourceVersion: text(2), continue: text(3) };
  }

  /** @returns whether there is more to do with what has come */
  #step(items: WireObject[]): boolean {
    if (!this.#begun) {
      if (this.#queue.length < magic.length) return false;
      if (!this.#queue.take(magic.length).equals(magic)) throw new UnreadableAnswerError('MALFORMED', 'protobuf: an answer that does not begin with k8s\\0');
      this.#begun = true;
      return true;
    }
    if (this.#field !== undefined) return this.#content(this.#field, items);
    if (this.#listLeft === 0) this.#listLeft = undefined;
    const start = this.#queue.takeFieldStart(this.#listLeft ?? Infinity);
    if (start === undefined) {
      if (this.#listLeft !== undefined && this.#queue.length >= this.#listLeft) throw new UnreadableAnswerError('MALFORMED', 'protobuf: a list that ends within a field');
      return false;
    }
    if (start.wireType !== 2) throw new UnreadableAnswerError('NOT_CACHEABLE', `a list with a field ${start.field} that is no message`);
    if (this.#listLeft === undefined && start.field === 2) {
      if (this.#sawList) throw new UnreadableAnswerError('MALFORMED', 'protobuf: two lists in one answer');
      this.#sawList = true;
      this.#listLeft = start.value;
      return true;
    }
    if (start.value > this.#maxBytes) throw new UnreadableAnswerError('TOO_LARGE', `an item of more than ${this.#maxBytes} bytes`);
    if (this.#listLeft !== undefined) {
      this.#listLeft -= start.end + start.value;
      if (this.#listLeft < 0) throw new UnreadableAnswerError('MALFORMED', 'protobuf: an item that is longer than its list');
    }
    this.#field = { number: start.field, bytes: start.value };
    return true;
  }

  #content({ number, bytes }: { readonly number: number; readonly bytes: number }, items: WireObject[]): boolean {
    if (this.#queue.length < bytes) return false;
    const content = this.#queue.take(bytes);
    this.#field = undefined;
    if (this.#listLeft === undefined) {
      if (number === 1) this.#type = typeMetaOf(content);
      else if (number === 3 || number === 4) checkUnknownField(number, content);
      return true;
    }
    if (number === 1) this.#meta = content;
    else if (number === 2) items.push(wireObject(content, (raw) => raw));
    else throw new UnreadableAnswerError('NOT_CACHEABLE', `a list with a field ${number}`);
    return true;
  }
}
