import { Transform, type TransformCallback } from 'node:stream';
import type { Codec } from '../wire/index.ts';

/** How long a client that was told so is left alone: what it lists may be too large to be kept. Milliseconds. */
const pauseMs = 3_600_000;
/** Whom to remember. */
const mostKnown = 1024;

/**
 * Who is told to list again: a client that goes on with a watch from before this cache (it was damaged, or the hub is new) would never do so by
 * itself, and nothing would be known of what it has when the link is cut.
 */
export class ListAgain {
  readonly #toldAt = new Map<string, number>();

  /** @returns whether this one is to be told */
  isDue(key: string, now = performance.now()): boolean {
    const before = this.#toldAt.get(key);
    if (before !== undefined && now - before < pauseMs) return false;
    this.#toldAt.delete(key);
    this.#toldAt.set(key, now);
    if (this.#toldAt.size > mostKnown) this.#toldAt.delete(this.#toldAt.keys().next().value!);
    return true;
  }
}

/** In place of a watch: the error of one that begins too far back, which every client answers by listing (410, "Efficient detection of changes" of the API's documentation). */
export class TooOld extends Transform {
  constructor(codec: Codec, resourceVersion: string) {
    super();
    this.push(codec.writeError({ code: 410, reason: 'Expired', message: `edge-hub: too old resource version: ${resourceVersion}: what came before is not cached here` }));
    this.push(null);
    // The API server's watch ends with it.
    this.once('end', () => this.destroy(new Error('its client lists again')));
  }

  override _transform(_chunk: Buffer, _: BufferEncoding, done: TransformCallback): void {
    done();
  }
}
