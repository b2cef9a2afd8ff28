import type { StatusBody, TypeMeta, WireObject } from '../codec.ts';
import { UnreadableAnswerError } from '../errors.ts';
import { bytesOf, fieldsOf, bytesField, lengthHeader, numberField, textField } from './fields.ts';

/** Before every object; the fourth byte is the encoding style (apimachinery/pkg/runtime/serializer/protobuf). */
export const magic = Buffer.from('k8s\0', 'latin1');

export const contentType = 'application/vnd.kubernetes.protobuf';

const utf8 = (bytes: Buffer | undefined): string => bytes?.toString() ?? '';

/** TypeMeta of runtime: apiVersion is 1, kind is 2. */
export const typeMetaOf = (message: Buffer): TypeMeta => ({ apiVersion: utf8(bytesOf(message, 1)), kind: utf8(bytesOf(message, 2)) });

/** Only what is not compressed and is protobuf inside is taken: fields 3 and 4 of Unknown. @throws UnreadableAnswerError */
export function checkUnknownField(field: number, content: Buffer): void {
  const text = content.toString();
  if (text === '' || (field === 4 && text === contentType)) return;
  throw new UnreadableAnswerError('NOT_CACHEABLE', `an object whose content ${field === 3 ? 'encoding' : 'type'} is ${JSON.stringify(text)}`);
}

/** Takes `k8s\0` and runtime.Unknown off. @throws UnreadableAnswerError */
export function unwrap(body: Buffer): { readonly type: TypeMeta; readonly raw: Buffer } {
  if (!body.subarray(0, magic.length).equals(magic)) throw new UnreadableAnswerError('MALFORMED', 'protobuf: an object that does not begin with k8s\\0');
  let type: TypeMeta = { apiVersion: '', kind: '' };
  let raw: Buffer = Buffer.alloc(0);
  for (const { field, bytes } of fieldsOf(body.subarray(magic.length))) {
    if (bytes === undefined) continue;
    if (field === 1) type = typeMetaOf(bytes);
    else if (field === 2) raw = bytes;
    else if (field === 3 || field === 4) checkUnknownField(field, bytes);
  }
  return { type, raw };
}

/** The pieces of an object whose message is these buffers. */
export function* wrap({ apiVersion, kind }: TypeMeta, bytes: number, message: Iterable<Buffer>): Generator<Buffer> {
  yield magic;
  yield bytesField(1, Buffer.concat([textField(1, apiVersion), textField(2, kind)]));
  yield lengthHeader(2, bytes);
  yield* message;
  // contentEncoding and contentType, empty: the API server writes them too.
  yield Buffer.from([0x1a, 0, 0x22, 0]);
}

export const wrapped = (type: TypeMeta, message: Buffer): Buffer => Buffer.concat([...wrap(type, message.length, [message])]);

/** ObjectMeta is field 1 of every object: name 1, namespace 3, uid 5, resourceVersion 6, annotations 12. @throws UnreadableAnswerError */
export function objectMetaOf(message: Buffer): Omit<WireObject, 'raw'> & { readonly annotation: (name: string) => string | undefined } {
  const meta = bytesOf(message, 1);
  if (meta === undefined) throw new UnreadableAnswerError('NOT_CACHEABLE', 'an object without metadata');
  const texts = ['', '', '', '', '', '', ''];
  const annotations: Buffer[] = [];
  for (const { field, bytes } of fieldsOf(meta)) {
    if (bytes === undefined) continue;
    if (field === 12) annotations.push(bytes);
    else if (field === 1 || field === 3 || field === 5 || field === 6) texts[field] = bytes.toString();
  }
  const annotation = (name: string): string | undefined => {
    const entry = annotations.findLast((bytes) => utf8(bytesOf(bytes, 1)) === name);
    return entry === undefined ? undefined : utf8(bytesOf(entry, 2));
  };
  return { name: texts[1]!, namespace: texts[3]!, uid: texts[5]!, resourceVersion: texts[6]!, annotation };
}

/** @param raw of which a copy is kept @throws UnreadableAnswerError */
export function wireObject(raw: Buffer, own: (raw: Buffer) => Buffer): WireObject {
  const { namespace, name, uid, resourceVersion } = objectMetaOf(raw);
  if (name === '') throw new UnreadableAnswerError('NOT_CACHEABLE', 'an object without a name');
  return { namespace, name, uid, resourceVersion, raw: own(raw) };
}

/** The ObjectMeta of a bookmark. Its empty texts are what the API server writes of texts that are not pointers. */
export function bookmarkMessage(resourceVersion: string, annotation: string | undefined): Buffer {
  const entry = annotation === undefined ? [] : [bytesField(12, Buffer.concat([textField(1, annotation), textField(2, 'true')]))];
  return bytesField(1, Buffer.concat([textField(1, ''), textField(2, ''), textField(3, ''), textField(4, ''), textField(5, ''), textField(6, resourceVersion), numberField(7, 0), bytesField(8, Buffer.alloc(0)), ...entry]));
}

/** Status of meta/v1: metadata 1, status 2, message 3, reason 4, details 5, code 6; details: name 1, group 2, kind 3, retryAfterSeconds 5, uid 6. */
export function statusMessage({ code, reason, message, details }: StatusBody): Buffer {
  const fields = [bytesField(1, listMeta('', '')), textField(2, 'Failure'), textField(3, message), textField(4, reason)];
  if (details !== undefined) {
    const { name = '', group = '', kind = '', retryAfterSeconds = 0 } = details;
    fields.push(bytesField(5, Buffer.concat([textField(1, name), textField(2, group), textField(3, kind), numberField(5, retryAfterSeconds), textField(6, '')])));
  }
  return Buffer.concat([...fields, numberField(6, code)]);
}

export function statusOf(message: Buffer): StatusBody {
  let code = 0;
  let details: StatusBody['details'];
  const texts = ['', '', '', '', ''];
  for (const { field, bytes, value } of fieldsOf(message)) {
    if (field === 6 && bytes === undefined) code = value;
    else if (field === 5 && bytes !== undefined) details = detailsOf(bytes);
    else if ((field === 3 || field === 4) && bytes !== undefined) texts[field] = bytes.toString();
  }
  return { code, reason: texts[4]!, message: texts[3]!, ...(details === undefined ? {} : { details }) };
}

function detailsOf(message: Buffer): NonNullable<StatusBody['details']> {
  const details: Record<string, string | number> = {};
  for (const { field, bytes, value } of fieldsOf(message)) {
    const name = ['', 'name', 'group', 'kind'][field];
    if (name !== undefined && bytes !== undefined && bytes.length > 0) details[name] = bytes.toString();
    else if (field === 5 && bytes === undefined && value > 0) details['retryAfterSeconds'] = value;
  }
  return details;
}

/** ListMeta: selfLink 1, resourceVersion 2, continue 3. */
export const listMeta = (resourceVersion: string, next: string): Buffer => Buffer.concat([textField(1, ''), textField(2, resourceVersion), textField(3, next)]);
