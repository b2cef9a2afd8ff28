import { initialEventsEndAnnotation, type Codec, type ListHead, type TypeMeta } from '../codec.ts';
import { UnreadableAnswerError } from '../errors.ts';
import { inPieces, owned } from '../pieces.ts';
import { bytesField, lengthHeader, textField } from './fields.ts';
import { ProtobufListReader } from './list-reader.ts';
import { bookmarkMessage, contentType, listMeta, statusMessage, statusOf, unwrap, wireObject, wrap, wrapped } from './messages.ts';
import { ProtobufWatchReader } from './watch-reader.ts';

const statusType: TypeMeta = { apiVersion: 'v1', kind: 'Status' };

export const protobufCodec: Codec = {
  contentType,
  watchContentType: `${contentType};stream=watch`,
  listReader: (options) => new ProtobufListReader(options),
  watchReader: (options) => new ProtobufWatchReader(options),
  readObject(body) {
    const { type, raw } = unwrap(body);
    if (type.kind === '' || type.kind === 'Status' || type.kind.endsWith('List')) throw new UnreadableAnswerError('NOT_CACHEABLE', type.kind === '' ? 'an object without a kind' : `a ${type.kind} instead of an object`);
    return { type, object: wireObject(raw, (view) => owned([view])) };
  },
  readStatus(body) {
    try {
      const { type, raw } = unwrap(body);
      return type.kind === 'Status' ? statusOf(raw) : undefined;
    } catch {
      return undefined;
    }
  },
  writeList: (head, items) => inPieces(listPieces(head, [...items])),
  writeObject: wrapped,
  writeChange: (change, type, raw) => event(change, wrapped(type, raw)),
  writeBookmark: (type, resourceVersion, { initialEventsEnd = false } = {}) => event('BOOKMARK', wrapped(type, bookmarkMessage(resourceVersion, initialEventsEnd ? initialEventsEndAnnotation : undefined))),
  writeError: (status) => event('ERROR', wrapped(statusType, statusMessage(status))),
  writeStatus: (status) => wrapped(statusType, statusMessage(status)),
};

function* listPieces({ type, resourceVersion, continue: next }: ListHead, items: readonly Buffer[]): Generator<Buffer> {
  const meta = bytesField(1, listMeta(resourceVersion, next));
  const bytes = items.reduce((sum, item) => sum + lengthHeader(2, item.length).length + item.length, meta.length);
  yield* wrap({ ...type, kind: `${type.kind}List` }, bytes, messagePieces(meta, items));
}

function* messagePieces(meta: Buffer, items: readonly Buffer[]): Generator<Buffer> {
  yield meta;
  for (const item of items) {
    yield lengthHeader(2, item.length);
    yield item;
  }
}

function event(type: string, object: Buffer): Buffer {
  const extension = bytesField(1, object);
  const message = [textField(1, type), lengthHeader(2, extension.length), extension];
  const length = Buffer.allocUnsafe(4);
  length.writeUInt32BE(message.reduce((sum, part) => sum + part.length, 0));
  return Buffer.concat([length, ...message]);
}
