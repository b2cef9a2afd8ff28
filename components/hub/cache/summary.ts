import type { CollectionKey } from './keys.ts';
import type { ObjectEntry } from './objects.ts';

export interface CollectionEntry extends CollectionKey {
  readonly objects: number;
  readonly bytes: number;
  readonly resourceVersion: string;
  /** When something was last heard of it from the API server. Milliseconds since 1970. */
  readonly touchedAt: number;
  readonly usedAt: number;
  /** A watch of it is open: whatever changes is heard. */
  readonly watched: boolean;
  /** The next process would find it. */
  readonly stored: boolean;
}

/** What there is: for `edge-hub status`. */
export interface CacheSummary {
  readonly bytes: number;
  readonly maxBytes: number;
  readonly collections: readonly CollectionEntry[];
  readonly objects: readonly ObjectEntry[];
  readonly tokens: number;
  readonly acceptedTokens: number;
}
