import type { Readable } from 'node:stream';
import { BodyError } from './request.ts';

/** A body that is read whole, once, for whoever asks for it. */
export class WholeBody {
  readonly #body: Readable;
  readonly #declared: number | undefined;
  #read: Promise<Buffer> | undefined;

  /** @param declared bytes, as the client says */
  constructor(body: Readable, declared: number | undefined) {
    this.#body = body;
    this.#declared = declared;
  }

  /** @throws BodyError */
  async read(maxBytes: number): Promise<Buffer> {
    if (this.#declared === 0) return Buffer.alloc(0);
    if (this.#declared !== undefined && this.#declared > maxBytes) throw tooLarge(maxBytes);
    if (this.#read === undefined && this.#body.readableDidRead) throw new BodyError('GONE', 'the body was passed on and is not here any more');
    return await (this.#read ??= collect(this.#body, maxBytes));
  }
}

const tooLarge = (maxBytes: number): BodyError => new BodyError('TOO_LARGE', `the body is larger than ${maxBytes} bytes`);

function collect(body: Readable, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  // Of one that is gone already nothing more is heard.
  if (body.destroyed) reject(new BodyError('BROKEN_OFF', 'the client broke its request off'));
  body.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size <= maxBytes) return void chunks.push(chunk);
    chunks.length = 0;
    reject(tooLarge(maxBytes));
  });
  body.on('end', () => resolve(Buffer.concat(chunks)));
  body.on('error', (cause) => reject(new BodyError('BROKEN_OFF', 'the client broke its request off', cause)));
  body.on('aborted', () => reject(new BodyError('BROKEN_OFF', 'the client broke its request off')));
  body.on('close', () => reject(new BodyError('BROKEN_OFF', 'the client broke its request off')));
  return promise;
}
