import { readFileSync } from 'node:fs';
import type { Codec } from '../codec.ts';
import { jsonCodec } from '../json/index.ts';
import { protobufCodec } from '../protobuf/index.ts';

/** What the API server's own serializers write; main.go beside vectors.json made them. */
export interface Vector {
  readonly name: string;
  readonly codec: Codec;
  readonly list: Buffer;
  readonly objects: readonly Buffer[];
  readonly added: readonly Buffer[];
  readonly modified: Buffer;
  readonly deleted: Buffer;
  readonly bookmark: Buffer;
  readonly initialEventsEnd: Buffer;
  readonly expired: Buffer;
  readonly notFound: Buffer;
}

type Stored = { readonly [K in keyof Omit<Vector, 'codec'>]: Vector[K] extends readonly Buffer[] ? readonly string[] : string } & { readonly mediaType: string };

const bytes = (base64: string): Buffer => Buffer.from(base64, 'base64');

export const vectors: readonly Vector[] = (JSON.parse(readFileSync(new URL('./vectors/vectors.json', import.meta.url), 'utf8')) as readonly Stored[]).map((stored) => ({
  name: `${stored.name}, ${stored.mediaType}`,
  codec: stored.mediaType === jsonCodec.contentType ? jsonCodec : protobufCodec,
  list: bytes(stored.list),
  objects: stored.objects.map(bytes),
  added: stored.added.map(bytes),
  modified: bytes(stored.modified),
  deleted: bytes(stored.deleted),
  bookmark: bytes(stored.bookmark),
  initialEventsEnd: bytes(stored.initialEventsEnd),
  expired: bytes(stored.expired),
  notFound: bytes(stored.notFound),
}));
