import { setTimeout as sleep } from 'node:timers/promises';
import { PromiseBroken } from '../../core/errors.ts';

export interface GhostOptions {
  /** When the last of the old sessions lost its edge, in milliseconds since the epoch. */
  readonly since: number;
  /** Within which the last of them ends, and for how long all must work after that. Milliseconds. */
  readonly endsWithinMs: number;
  readonly afterMs: number;
  /** Of the PromiseBroken when something does not work. */
  readonly code: string;
  readonly signal: AbortSignal;
  readonly everyMs?: number;
  /** Default: the clock. */
  readonly now?: () => number;
}

/** What was seen until the old sessions had been gone for a while. */
export interface GhostsGone {
  /** Milliseconds since the epoch: the first look at which none was left. */
  readonly endedAt: number;
  /** How often all worked while something of them was left, and while nothing was. */
  readonly beside: number;
  readonly after: number;
}

/**
 * Tries again and again while a cloud holds sessions that nobody is behind any more, and for a while after their end: that must take
 * nothing with it. A tunnel may as well have ended them when it got the new ones: then nothing of them remains at any look.
 *
 * @param attempt says what was wrong, or nothing
 * @param remains what there still is of the old sessions
 * @throws PromiseBroken `code` when an attempt fails, `GHOST_HELD` when something remains for too long
 */
export async function untilGhostsAreGone(options: GhostOptions, attempt: () => Promise<string | undefined>, remains: () => Promise<readonly string[]>): Promise<GhostsGone> {
  const { since, endsWithinMs, afterMs, code, signal, everyMs = 250, now = Date.now } = options;
  const ago = (time: number): string => `${((now() - time) / 1000).toFixed(1)} s after`;
  let [beside, after] = [0, 0];
  let endedAt: number | undefined;
  while (endedAt === undefined || now() - endedAt < afterMs) {
    const failed = await attempt();
    if (failed !== undefined) throw new PromiseBroken(code, `${endedAt === undefined ? `${ago(since)} the old sessions had lost their edge` : `${ago(endedAt)} the end of the old sessions`}: ${failed}`);
    const left = await remains();
    if (left.length > 0) {
      beside += 1;
      // One that is told again after it was gone has not ended.
      endedAt = undefined;
      if (now() - since > endsWithinMs) throw new PromiseBroken('GHOST_HELD', `${ago(since)} the old sessions had lost their edge there still is ${left.join(', ')}`);
    } else {
      after += 1;
      endedAt ??= now();
    }
    await sleep(everyMs, undefined, { signal });
  }
  return { endedAt, beside, after };
}
