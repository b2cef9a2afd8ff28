import type { ClientHttp2Stream } from 'node:http2';
import { Readable } from 'node:stream';
import type { Headers } from '../common/headers.ts';
import type { LinkError } from './link-error.ts';

/** The API server's answer. */
export interface LinkAnswer {
  readonly status: number;
  /** Lower-case names; what came several times is a list. */
  readonly headers: Headers;
  /** Ends when the answer was whole; of one that broke off it is destroyed with a LinkError. Whoever does not want it to its end destroys it. */
  readonly body: Readable;
}

/**
 * What a stream carries. Node ends a stream that was cancelled, or whose session was lost, as if it had come to its end:
 * half a list would pass for a whole one.
 */
export class AnswerBody extends Readable {
  readonly #stream: ClientHttp2Stream;
  readonly #cancel: () => void;

  constructor(stream: ClientHttp2Stream, { broken, cancel }: { readonly broken: (error: unknown) => LinkError; readonly cancel: () => void }) {
    super({ highWaterMark: 64 * 1024 });
    this.#stream = stream;
    this.#cancel = cancel;
    // An answer that nobody has begun to read yet must not take the process down.
    this.on('error', () => {});
    let failure: unknown;
    let ended = false;
    stream.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) stream.pause();
    });
    stream.on('end', () => {
      ended = true;
      if (stream.rstCode === 0) this.push(null);
    });
    stream.on('error', (error) => {
      failure = error;
    });
    stream.on('close', () => {
      if (!ended || stream.rstCode !== 0) this.destroy(broken(failure ?? new Error(`reset with code ${stream.rstCode}`)));
    });
  }

  override _read(): void {
    this.#stream.resume();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (!this.#stream.destroyed) this.#cancel();
    done(error);
  }
}

/** What a small body holds. @returns undefined for one that is longer, takes longer, or breaks off */
export async function readSmall(body: Readable, maxBytes: number, timeoutMs: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  const timer = setTimeout(() => body.destroy(new Error('it took too long')), timeoutMs);
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      size += chunk.length;
      if (size > maxBytes) return undefined;
    }
    return Buffer.concat(chunks);
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}
