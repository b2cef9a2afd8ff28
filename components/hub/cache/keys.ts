import { createHash } from 'node:crypto';

/** What tells one collection from another. */
export interface CollectionKey {
  /** Who was given it. */
  readonly identity: string;
  /** `/api/v1/namespaces/default/pods`: as KubeRequest.path of wire has it. */
  readonly path: string;
  /** In normal form, as KubeRequest of wire has them. */
  readonly fieldSelector: string;
  readonly labelSelector: string;
  /** As Representation of wire has it. */
  readonly mediaType: string;
}

/** What tells one object, the answer of a GET, from another. */
export interface ObjectKey {
  readonly identity: string;
  /** Of the object, with its subresource. */
  readonly path: string;
  readonly mediaType: string;
}

export const collectionText = ({ identity, path, fieldSelector, labelSelector, mediaType }: CollectionKey): string => JSON.stringify([identity, path, fieldSelector, labelSelector, mediaType]);

export const objectText = ({ identity, path, mediaType }: ObjectKey): string => JSON.stringify([identity, path, mediaType]);

export function objectKeyOf(text: string): ObjectKey {
  const [identity, path, mediaType] = JSON.parse(text) as [string, string, string];
  return { identity, path, mediaType };
}

/** The name of a collection's files. */
export const fileNameOf = (key: CollectionKey): string => createHash('sha256').update(collectionText(key)).digest('hex').slice(0, 32);
