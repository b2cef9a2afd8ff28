import { fieldStartAt, type FieldStart } from './fields.ts';

/** The longest tag and length of a field. */
const longestStart = 20;

/** Received bytes that wait to be whole enough, in the order in which they came. */
export class ByteQueue {
  #parts: Buffer[] = [];
  #bytes = 0;

  get length(): number {
    return this.#bytes;
  }

  push(chunk: Buffer): void {
    if (chunk.length === 0) return;
    this.#parts.push(chunk);
    this.#bytes += chunk.length;
  }

  /** The next bytes, in memory of their own. Only while there are so many. */
  take(bytes: number): Buffer {
    const taken = Buffer.allocUnsafeSlow(bytes);
    this.#copy(taken);
    this.#drop(bytes);
    return taken;
  }

  /** Takes what a field begins with, within so many bytes at most; undefined, and nothing taken, when it is not whole yet. */
  takeFieldStart(within: number): FieldStart | undefined {
    const peeked = Buffer.allocUnsafe(Math.min(within, longestStart, this.#bytes));
    this.#copy(peeked);
    const start = fieldStartAt(peeked, 0);
    if (start !== undefined) this.#drop(start.end);
    return start;
  }

  #copy(target: Buffer): void {
    for (let at = 0, index = 0; at < target.length; index += 1) at += this.#parts[index]!.copy(target, at);
  }

  #drop(bytes: number): void {
    let left = bytes;
    let gone = 0;
    for (; left > 0 && this.#parts[gone]!.length <= left; gone += 1) left -= this.#parts[gone]!.length;
    if (gone > 0) this.#parts.splice(0, gone);
    if (left > 0) this.#parts[0] = this.#parts[0]!.subarray(left);
    this.#bytes -= bytes;
  }
}
