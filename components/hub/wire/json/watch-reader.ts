import { initialEventsEndAnnotation, maxObjectBytes, type ReaderOptions, type WatchFrame, type WatchReader } from '../codec.ts';
import { UnreadableAnswerError } from '../errors.ts';
import { isRecord, parsedObject, parsedStatus, parseJson, textOf, wireObject } from './objects.ts';
import { memberOf, ObjectScanner, skipSpace } from './value-scanner.ts';

/** JSON objects one after another: the API server writes one a line, and clients do not depend on that. */
export class JsonWatchReader implements WatchReader {
  readonly #frame: ObjectScanner;

  constructor({ maxBytes = maxObjectBytes }: ReaderOptions = {}) {
    this.#frame = new ObjectScanner('a watch frame', maxBytes);
  }

  get atBoundary(): boolean {
    return !this.#frame.inside;
  }

  feed(chunk: Buffer): WatchFrame[] {
    const frames: WatchFrame[] = [];
    for (let at = 0; ; ) {
      if (!this.#frame.inside) {
        at = skipSpace(chunk, at);
        if (at === chunk.length) return frames;
        if (chunk[at] !== 0x7b) throw new UnreadableAnswerError('MALFORMED', 'a watch frame that is no JSON object');
      }
      const found = this.#frame.scan(chunk, at);
      if (found === undefined) return frames;
      frames.push(frameOf(found.object));
      at = found.end;
    }
  }
}

function frameOf(bytes: Buffer): WatchFrame {
  const frame = parseJson(bytes, 'a watch frame');
  const type = textOf(frame, 'type');
  const value = frame['object'];
  if (type === 'ERROR') {
    const status = parsedStatus(value);
    if (status === undefined) throw new UnreadableAnswerError('NOT_CACHEABLE', 'an error of a watch that is no Status');
    return { type, status };
  }
  if (!isRecord(value)) throw new UnreadableAnswerError('MALFORMED', 'a watch frame without an object');
  const parsed = parsedObject(value);
  if (parsed.type.kind === '' || parsed.type.kind === 'Table') throw new UnreadableAnswerError('NOT_CACHEABLE', parsed.type.kind === '' ? 'an object of a watch without a kind' : 'a Table');
  const { type: of, meta } = parsed;
  if (type === 'BOOKMARK') {
    const annotations = meta['annotations'];
    return { type, of, resourceVersion: textOf(meta, 'resourceVersion'), initialEventsEnd: isRecord(annotations) && annotations[initialEventsEndAnnotation] === 'true' };
  }
  if (type !== 'ADDED' && type !== 'MODIFIED' && type !== 'DELETED') throw new UnreadableAnswerError('NOT_CACHEABLE', `a watch frame of type ${JSON.stringify(type)}`);
  return { type, of, object: wireObject(parsed, memberOf(bytes, 'object')!) };
}
