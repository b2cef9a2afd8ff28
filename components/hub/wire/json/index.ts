import { initialEventsEndAnnotation, type Codec, type ListHead, type StatusBody, type TypeMeta } from '../codec.ts';
import { UnreadableAnswerError } from '../errors.ts';
import { inPieces } from '../pieces.ts';
import { JsonListReader } from './list-reader.ts';
import { parsedObject, parsedStatus, parseJson, textOf, typeMembers, withType, wireObject } from './objects.ts';
import { skipSpace } from './value-scanner.ts';
import { JsonWatchReader } from './watch-reader.ts';

const line = Buffer.from('\n');

export const jsonCodec: Codec = {
  contentType: 'application/json',
  watchContentType: 'application/json',
  listReader: (options) => new JsonListReader(options),
  watchReader: (options) => new JsonWatchReader(options),
  readObject(body) {
    const parsed = parsedObject(parseJson(body, 'an answer'));
    const { kind } = parsed.type;
    // A list has no name either, and a custom resource's kind may end in List.
    if (kind === '' || textOf(parsed.meta, 'name') === '') throw new UnreadableAnswerError('NOT_CACHEABLE', kind === '' ? 'an object without a kind' : `a ${kind} instead of an object`);
    const start = skipSpace(body, 0);
    return { type: parsed.type, object: wireObject(parsed, body.subarray(start, body.lastIndexOf(0x7d) + 1)) };
  },
  readStatus(body) {
    try {
      return parsedStatus(JSON.parse(body.toString()));
    } catch {
      return undefined;
    }
  },
  writeList: (head, items) => inPieces(listPieces(head, items)),
  writeObject: (type, raw) => Buffer.concat([...withType(type, raw), line]),
  writeChange: (change, type, raw) => Buffer.concat([Buffer.from(`{"type":"${change}","object":`), ...withType(type, raw), Buffer.from('}\n')]),
  writeBookmark(type, resourceVersion, { initialEventsEnd = false } = {}) {
    const annotations = initialEventsEnd ? { annotations: { [initialEventsEndAnnotation]: 'true' } } : {};
    return Buffer.from(`{"type":"BOOKMARK","object":${objectText(type, { metadata: { resourceVersion, ...annotations } })}}\n`);
  },
  writeError: (status) => Buffer.from(`{"type":"ERROR","object":${statusText(status)}}\n`),
  writeStatus: (status) => Buffer.from(`${statusText(status)}\n`),
};

function* listPieces({ type, resourceVersion, continue: next }: ListHead, items: Iterable<Buffer>): Generator<Buffer> {
  const metadata = { resourceVersion, ...(next === '' ? {} : { continue: next }) };
  yield Buffer.from(`{${typeMembers({ ...type, kind: `${type.kind}List` })},"metadata":${JSON.stringify(metadata)},"items":[`);
  const comma = Buffer.from(',');
  let first = true;
  for (const item of items) {
    if (!first) yield comma;
    first = false;
    yield item;
  }
  yield Buffer.from(']}\n');
}

const objectText = (type: TypeMeta, members: object): string => JSON.stringify({ kind: type.kind, apiVersion: type.apiVersion, ...members });

function statusText({ code, reason, message, details }: StatusBody): string {
  return objectText({ kind: 'Status', apiVersion: 'v1' }, { metadata: {}, status: 'Failure', message, reason, ...(details === undefined ? {} : { details }), code });
}
