import type { CollectionKey } from './keys.ts';

/**
 * What the owner of a cache should know. `TAIL_CUT`: what a crash left of an unfinished write was cut off. `DAMAGED`: something stored was damaged and
 * is dropped. `SET_ASIDE`: the folder was of another version, and was moved. `NOT_STORED`: in memory only, because it could not be written.
 * `EVICTED`: dropped to make room. `TOO_LARGE`: alone larger than what one collection may take.
 */
export type NoticeCode = 'TAIL_CUT' | 'DAMAGED' | 'SET_ASIDE' | 'NOT_STORED' | 'EVICTED' | 'TOO_LARGE';

export interface CacheNotice {
  readonly code: NoticeCode;
  readonly message: string;
  readonly collection?: CollectionKey;
  readonly cause?: unknown;
}
