export { CacheFolderError } from './errors.ts';
export type { Found, ObjectQuery } from './find.ts';
export type { Follower } from './follower.ts';
export type { CollectionKey, ObjectKey } from './keys.ts';
export type { CacheNotice, NoticeCode } from './notice.ts';
export type { ObjectEntry } from './objects.ts';
export type { Replacement } from './replacement.ts';
export { CacheStore, type CachedCollection, type CacheOptions, type CacheSummary, type CollectionEntry } from './store.ts';
export type { KeptToken, TokenKey } from './tokens.ts';
