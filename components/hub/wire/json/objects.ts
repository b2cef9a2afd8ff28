import type { StatusBody, TypeMeta, WireObject } from '../codec.ts';
import { UnreadableAnswerError } from '../errors.ts';
import { owned } from '../pieces.ts';
import { compact, memberOf } from './value-scanner.ts';

/** What is looked at of an object: all else stays bytes. */
export interface ParsedObject {
  readonly type: TypeMeta;
  readonly meta: Readonly<Record<string, unknown>>;
}

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value);

/** @throws UnreadableAnswerError */
export function parseJson(bytes: Buffer, what: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString());
  } catch (cause) {
    throw new UnreadableAnswerError('MALFORMED', `${what} is not JSON`, cause);
  }
  if (!isRecord(value)) throw new UnreadableAnswerError('MALFORMED', `${what} is no JSON object`);
  return value;
}

/** A member that is a text or not there. @throws UnreadableAnswerError */
export function textOf(record: Readonly<Record<string, unknown>>, name: string): string {
  const value = Object.hasOwn(record, name) ? record[name] : undefined;
  if (value === undefined || value === null) return '';
  if (typeof value !== 'string') throw new UnreadableAnswerError('MALFORMED', `an object whose ${name} is no text`);
  return value;
}

export function parsedObject(value: Readonly<Record<string, unknown>>): ParsedObject {
  const meta = value['metadata'];
  if (!isRecord(meta)) throw new UnreadableAnswerError('NOT_CACHEABLE', 'an object without metadata');
  return { type: { apiVersion: textOf(value, 'apiVersion'), kind: textOf(value, 'kind') }, meta };
}

/** @param raw its bytes, of which a copy is kept @throws UnreadableAnswerError */
export function wireObject({ type, meta }: ParsedObject, raw: Buffer): WireObject {
  const name = textOf(meta, 'name');
  if (name === '') throw new UnreadableAnswerError('NOT_CACHEABLE', 'an object without a name');
  return { namespace: textOf(meta, 'namespace'), name, uid: textOf(meta, 'uid'), resourceVersion: textOf(meta, 'resourceVersion'), raw: owned(withoutType(type, compact(raw))) };
}

/**
 * An object as lists have it. A Go type writes kind and apiVersion first, and its lists leave them out; a custom resource, whose
 * keys are sorted, keeps them in lists too, and so does PartialObjectMetadata.
 */
function withoutType(type: TypeMeta, raw: Buffer): Buffer[] {
  if (type.kind === '' || type.kind === 'PartialObjectMetadata') return [raw];
  const start = Buffer.from(typeMembers(type));
  if (!raw.subarray(1, 1 + start.length).equals(start)) return [raw];
  const behind = raw[1 + start.length] === 0x2c ? start.length + 2 : start.length + 1;
  return [raw.subarray(0, 1), raw.subarray(behind)];
}

/** A list's item as an object of its own. */
export function withType(type: TypeMeta, raw: Buffer): Buffer[] {
  if (memberOf(raw, 'kind') !== undefined) return [raw];
  const rest = raw.subarray(1);
  return [Buffer.from(`{${typeMembers(type)}${rest[0] === 0x7d ? '' : ','}`), rest];
}

export const typeMembers = ({ apiVersion, kind }: TypeMeta): string => `"kind":${JSON.stringify(kind)},"apiVersion":${JSON.stringify(apiVersion)}`;

/** @returns undefined when it is no Status */
export function parsedStatus(value: unknown): StatusBody | undefined {
  if (!isRecord(value) || value['kind'] !== 'Status') return undefined;
  const details = value['details'];
  const code = value['code'];
  return { code: typeof code === 'number' ? code : 0, reason: textOf(value, 'reason'), message: textOf(value, 'message'), ...(isRecord(details) ? { details: detailsOf(details) } : {}) };
}

function detailsOf(details: Readonly<Record<string, unknown>>): NonNullable<StatusBody['details']> {
  const texts = ['name', 'group', 'kind'].flatMap((name) => (textOf(details, name) === '' ? [] : [[name, textOf(details, name)] as const]));
  const seconds = details['retryAfterSeconds'];
  return { ...Object.fromEntries(texts), ...(typeof seconds === 'number' ? { retryAfterSeconds: seconds } : {}) };
}
