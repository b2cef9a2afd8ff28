import { podOf, type Reservation } from '../state.ts';
import type { Knowledge } from './known-pods.ts';

/**
 * A static Pod runs before its mirror is in the API, and the mirror may be deleted and made anew. So long it must be missing. Milliseconds; the
 * kubelet looks after mirrors about once a minute.
 */
export const staticGraceMs = 120_000;

/** UIDs of the API have this form (RFC 4122); the kubelet's for a static Pod are 32 digits in a row. */
const fromApi = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * Tells which Pods are gone. A Pod is in the API before the kubelet knows of it, so one that was ADDed before the API server was asked, and is not
 * in what it answers, is gone. What a hub remembers while it is cut off may be older than an ADD: then only a Pod is gone that was there before.
 */
export class Verdicts {
  readonly #now: () => number;
  /** All UIDs that were ever told, of those that may still matter. */
  #told: ReadonlySet<string> = new Set();
  /** Since when a static Pod's is missing, while connected. */
  readonly #missingSince = new Map<string, number>();

  /** @param now milliseconds, of a clock that nobody sets */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /**
   * @param all reservations, as they were before it was asked
   * @param candidates those that it is about
   */
  gone(all: readonly Reservation[], candidates: readonly Reservation[], { complete, connected, uids }: Knowledge): readonly Reservation[] {
    const before = this.#told;
    const ours = new Set(all.map((one) => podOf(one)?.uid));
    // What no reservation names any more need not be remembered.
    this.#told = new Set([...before, ...uids].filter((uid) => uids.has(uid) || ours.has(uid)));
    for (const uid of this.#missingSince.keys()) if (uids.has(uid) || !ours.has(uid)) this.#missingSince.delete(uid);
    if (!complete) return [];
    return candidates.filter((one) => {
      const uid = podOf(one)?.uid;
      if (uid === undefined || uids.has(uid)) return false;
      if (!connected) return before.has(uid) && fromApi.test(uid);
      return fromApi.test(uid) || this.#longMissing(uid);
    });
  }

  #longMissing(uid: string): boolean {
    const since = this.#missingSince.get(uid) ?? this.#now();
    this.#missingSince.set(uid, since);
    return this.#now() - since >= staticGraceMs;
  }

  /** What a watch has told: it was there. */
  saw(uids: ReadonlySet<string>): void {
    if (![...uids].every((uid) => this.#told.has(uid))) this.#told = new Set([...this.#told, ...uids]);
  }
}
