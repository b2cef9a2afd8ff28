import { jsonCodec } from '../wire/json/index.ts';
import { protobufCodec } from '../wire/protobuf/index.ts';
import type { Codec } from '../wire/index.ts';
import { jsonEncoding } from './json.ts';
import { protobufEncoding } from './protobuf.ts';

/** The one endpoint that a slice has when it is shown differently. */
export interface ShownEndpoint {
  /** IPv4. */
  readonly address: string;
  readonly nodeName: string;
  readonly ports: readonly { readonly name: string; readonly port: number; readonly protocol: 'TCP' | 'UDP' }[];
}

/** How one encoding's objects are read and changed, as far as what is shown needs it. Objects are raw, as items of a list. */
export interface ShownEncoding {
  labels(raw: Buffer): Readonly<Record<string, string>>;
  /** An EndpointSlice with this endpoint alone. */
  withEndpoint(raw: Buffer, endpoint: ShownEndpoint): Buffer;
  /** A ConfigMap with another text under a key. @returns the same bytes when there is no such key, or nothing differs */
  withText(raw: Buffer, key: string, change: (text: string) => string): Buffer;
}

const encodings = new Map<Codec, ShownEncoding>([[protobufCodec, protobufEncoding], [jsonCodec, jsonEncoding]]);

export const encodingOf = (codec: Codec): ShownEncoding => {
  const found = encodings.get(codec);
  if (found === undefined) throw new TypeError(`${codec.contentType} cannot be shown differently`);
  return found;
};
