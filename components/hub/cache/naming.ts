import type { CollectionKey } from './keys.ts';
import type { RecordMeta } from './log/record.ts';

/** Of what a table is, if it is of a collection. */
export function collectionOf(key: RecordMeta): { readonly collection?: CollectionKey } {
  return typeof key['path'] === 'string' ? { collection: key as unknown as CollectionKey } : {};
}

/** For whoever reads a log. */
export function nameOf(key: RecordMeta): string {
  const { collection } = collectionOf(key);
  if (collection === undefined) return `The table of ${String(key['table'])}`;
  const selectors = [collection.fieldSelector, collection.labelSelector].filter((selector) => selector !== '').join(' ');
  return `${collection.path}${selectors === '' ? '' : ` (${selectors})`} of ${collection.identity}`;
}
