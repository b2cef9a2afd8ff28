/** A buffer that waits costs some 300 bytes beside its own, so waiting ones should hold this many on average. */
const worthwhileBytes = 1024;
/** So few are not worth joining. */
const fewPieces = 64;

/**
 * Bytes that wait, in the order in which they came. A peer that sends its bytes one by one would otherwise make us hold
 * hundreds of times what its window allows: many small pieces are joined.
 */
export class Pieces {
  #list: Buffer[] = [];
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  get pieces(): number {
    return this.#list.length;
  }

  push(piece: Buffer): void {
    this.#list.push(piece);
    this.#bytes += piece.length;
    if (this.#list.length > fewPieces && this.#list.length * worthwhileBytes > this.#bytes) this.#join();
  }

  /** The next piece, or as much of it as is asked for. Only while there are bytes. */
  take(maxBytes: number): Buffer {
    const first = this.#list[0]!;
    if (first.length <= maxBytes) {
      this.#list.shift();
      this.#bytes -= first.length;
      return first;
    }
    this.#list[0] = first.subarray(maxBytes);
    this.#bytes -= maxBytes;
    return first.subarray(0, maxBytes);
  }

  /** The next pieces, as many bytes as are asked for or there are. */
  takeUpTo(maxBytes: number): Buffer[] {
    if (maxBytes >= this.#bytes) return this.takeAll();
    const taken: Buffer[] = [];
    for (let left = maxBytes; left > 0; left -= taken.at(-1)!.length) taken.push(this.take(left));
    return taken;
  }

  takeAll(): Buffer[] {
    const list = this.#list;
    this.#list = [];
    this.#bytes = 0;
    return list;
  }

  #join(): void {
    // Not of the pool: what waits long would keep its neighbours' memory too.
    const joined = Buffer.allocUnsafeSlow(this.#bytes);
    let at = 0;
    for (const piece of this.#list) at += piece.copy(joined, at);
    this.#list = [joined];
  }
}
