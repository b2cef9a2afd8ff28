import type { ChangeType, TypeMeta, WatchFrame, WireObject } from '../../wire/index.ts';
import type { CollectionKey } from '../keys.ts';
import type { CacheStore } from '../store.ts';

export const podType: TypeMeta = { apiVersion: 'v1', kind: 'Pod' };

export const keyOf = (changes: Partial<CollectionKey> = {}): CollectionKey => ({ identity: 'system:node:edge-1', path: '/api/v1/pods', fieldSelector: '', labelSelector: '', mediaType: 'application/json', ...changes });

export const thing = (name: string, resourceVersion: string | number, content = '', namespace = 'default'): WireObject => ({ namespace, name, uid: `uid-${name}`, resourceVersion: String(resourceVersion), raw: Buffer.from(`{"metadata":{"name":"${name}","resourceVersion":"${resourceVersion}"},"content":"${content}"}`) });

export const frame = (type: ChangeType, object: WireObject): WatchFrame => ({ type, of: podType, object });

export const bookmark = (resourceVersion: string | number): WatchFrame => ({ type: 'BOOKMARK', of: podType, resourceVersion: String(resourceVersion), initialEventsEnd: false });

/** Records a whole list. @returns whether it was kept */
export function list(store: CacheStore, key: CollectionKey, objects: readonly WireObject[], resourceVersion: string | number): boolean {
  using replacement = store.begin(key);
  for (const object of objects) replacement.put(object);
  return replacement.commit({ type: podType, resourceVersion: String(resourceVersion) });
}

export type State = { readonly resourceVersion: string; readonly objects: Readonly<Record<string, string>> };

/** A collection as plain data; undefined when it is not there. */
export function stateOf(store: CacheStore, key: CollectionKey): State | undefined {
  const read = store.read(key);
  return read && { resourceVersion: read.resourceVersion, objects: Object.fromEntries(read.objects.map(({ namespace, name, raw }) => [`${namespace}/${name}`, raw.toString()])) };
}
