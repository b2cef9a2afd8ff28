import type { MediaRange } from './accept.ts';
import type { Codec, TypeMeta } from './codec.ts';
import { jsonCodec } from './json/index.ts';
import { protobufCodec } from './protobuf/index.ts';

/** A form in which an answer can be kept: an encoding, and whole objects or their metadata only. */
export interface Representation {
  /** What a cache keys it by: `application/json`, `application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;g=meta.k8s.io;v=v1`. */
  readonly mediaType: string;
  readonly codec: Codec;
  /** Whether objects of a type can be in it: PartialObjectMetadata is in its own representation only, and the other way round. */
  fits(type: TypeMeta): boolean;
}

const codecs: readonly Codec[] = [jsonCodec, protobufCodec];

const codecFor = (type: string): Codec | undefined => codecs.find(({ contentType }) => contentType === type);

/**
 * What can be kept of what a client accepts, in the order of its preference. A Table, YAML and CBOR cannot: a client that takes nothing else
 * gets an empty list, and `kubectl get`, which asks for a Table first, gets whole objects.
 */
export function representationsOf(accept: readonly MediaRange[]): readonly Representation[] {
  const found = accept.filter(({ quality }) => quality > 0).flatMap((range) => codecs.filter(({ contentType }) => matches(range, contentType)).flatMap((codec) => representation(codec, range.parameters) ?? []));
  return found.filter((one, index) => found.findIndex(({ mediaType }) => mediaType === one.mediaType) === index);
}

/**
 * The form of an answer: its own content type, and the clause of Accept that led to it, because the content type does not say what was made of the
 * objects.
 *
 * @returns undefined for what cannot be kept
 */
export function representationOfAnswer(contentType: string | undefined, accept: readonly MediaRange[]): Representation | undefined {
  const type = (contentType ?? '').split(';')[0]!.trim().toLowerCase();
  const codec = codecFor(type);
  const range = accept.find((clause) => clause.quality > 0 && matches(clause, type));
  return codec === undefined ? undefined : representation(codec, range?.parameters ?? {});
}

const matches = ({ type }: MediaRange, contentType: string): boolean => type === '*/*' || type === contentType || (type.endsWith('/*') && contentType.startsWith(type.slice(0, -1)));

function representation(codec: Codec, { as, g = '', v = '', sv, export: exported }: Readonly<Record<string, string>>): Representation | undefined {
  if (as === undefined && g === '' && v === '') {
    return sv === undefined && exported === undefined ? { mediaType: codec.contentType, codec, fits: ({ kind }) => kind !== partial } : undefined;
  }
  // A list of metadata may be asked for by the name of either; the answer is the same.
  if ((as !== partial && as !== `${partial}List`) || g !== 'meta.k8s.io') return undefined;
  return { mediaType: `${codec.contentType};as=${partial};g=${g};v=${v}`, codec, fits: ({ apiVersion, kind }) => kind === partial && apiVersion === `${g}/${v}` };
}

const partial = 'PartialObjectMetadata';
