import type { ShownEncoding } from './encoding.ts';

interface JsonObject {
  readonly metadata?: { readonly labels?: Readonly<Record<string, string>> };
  readonly data?: Readonly<Record<string, string>>;
}

const parse = (raw: Buffer): JsonObject => JSON.parse(raw.toString()) as JsonObject;

const bytes = (object: object): Buffer => Buffer.from(JSON.stringify(object));

export const jsonEncoding: ShownEncoding = {
  labels: (raw) => parse(raw).metadata?.labels ?? {},
  withEndpoint: (raw, { address, nodeName, ports }) => bytes({
    ...parse(raw),
    addressType: 'IPv4',
    endpoints: [{ addresses: [address], conditions: { ready: true, serving: true, terminating: false }, nodeName }],
    ports,
  }),
  withText(raw, key, change) {
    const object = parse(raw);
    const text = object.data?.[key];
    if (text === undefined) return raw;
    const changed = change(text);
    return changed === text ? raw : bytes({ ...object, data: { ...object.data, [key]: changed } });
  },
};
