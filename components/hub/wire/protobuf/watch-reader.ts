import { initialEventsEndAnnotation, maxObjectBytes, type ReaderOptions, type WatchFrame, type WatchReader } from '../codec.ts';
import { UnreadableAnswerError } from '../errors.ts';
import { owned } from '../pieces.ts';
import { ByteQueue } from './byte-queue.ts';
import { bytesOf } from './fields.ts';
import { objectMetaOf, statusOf, unwrap, wireObject } from './messages.ts';

/** Each frame has its length before it, 4 bytes, big-endian (apimachinery/pkg/util/framer), and is a bare WatchEvent of meta/v1. */
export class ProtobufWatchReader implements WatchReader {
  readonly #maxBytes: number;
  readonly #queue = new ByteQueue();
  #frameBytes: number | undefined;

  constructor({ maxBytes = maxObjectBytes }: ReaderOptions = {}) {
    this.#maxBytes = maxBytes;
  }

  get atBoundary(): boolean {
    return this.#frameBytes === undefined && this.#queue.length === 0;
  }

  feed(chunk: Buffer): WatchFrame[] {
    const frames: WatchFrame[] = [];
    this.#queue.push(chunk);
    for (;;) {
      if (this.#frameBytes === undefined && this.#queue.length >= 4) {
        this.#frameBytes = this.#queue.take(4).readUInt32BE(0);
        if (this.#frameBytes > this.#maxBytes) throw new UnreadableAnswerError('TOO_LARGE', `a watch frame of more than ${this.#maxBytes} bytes`);
      }
      if (this.#frameBytes === undefined || this.#queue.length < this.#frameBytes) break;
      frames.push(frameOf(this.#queue.take(this.#frameBytes)));
      this.#frameBytes = undefined;
    }
    return frames;
  }
}

/** WatchEvent: type 1, object 2, a RawExtension whose field 1 is the whole object. */
function frameOf(event: Buffer): WatchFrame {
  const type = bytesOf(event, 1)?.toString() ?? '';
  const extension = bytesOf(event, 2);
  const body = extension === undefined ? undefined : bytesOf(extension, 1);
  if (body === undefined) throw new UnreadableAnswerError('MALFORMED', 'a watch frame without an object');
  const { type: of, raw } = unwrap(body);
  if (type === 'ERROR') {
    if (of.kind !== 'Status') throw new UnreadableAnswerError('NOT_CACHEABLE', 'an error of a watch that is no Status');
    return { type, status: statusOf(raw) };
  }
  if (of.kind === '') throw new UnreadableAnswerError('NOT_CACHEABLE', 'an object of a watch without a kind');
  if (type === 'BOOKMARK') {
    const { resourceVersion, annotation } = objectMetaOf(raw);
    return { type, of, resourceVersion, initialEventsEnd: annotation(initialEventsEndAnnotation) === 'true' };
  }
  if (type !== 'ADDED' && type !== 'MODIFIED' && type !== 'DELETED') throw new UnreadableAnswerError('NOT_CACHEABLE', `a watch frame of type ${JSON.stringify(type)}`);
  return { type, of, object: wireObject(raw, (view) => owned([view])) };
}
