import { PromiseBroken } from '../../core/errors.ts';

export interface RowOptions {
  /** How many in a row. */
  readonly times: number;
  /** Of the beginning of that row, from `since`. Milliseconds. */
  readonly withinMs: number;
  /** Milliseconds since the epoch. */
  readonly since: number;
  /** What `since` is, in words: `the start of tunnel server x`. */
  readonly after: string;
  /** What is tried, in words: `kubectl exec on every edge node`. */
  readonly what: string;
  /** Code of the PromiseBroken. */
  readonly code: string;
  /** Default: the clock. */
  readonly now?: () => number;
}

/**
 * Tries until so many attempts in a row have worked: one success alone may be luck, as of several servers one works.
 *
 * @param attempt says what was wrong, or nothing
 * @returns when the first of the row began, in milliseconds since the epoch
 * @throws PromiseBroken at once when a failed attempt began too late, or no row can begin in time any more
 */
export async function untilRow(options: RowOptions, attempt: () => Promise<string | undefined>): Promise<number> {
  const { times, withinMs, since, after, what, code, now = Date.now } = options;
  let [inARow, beganAt] = [0, 0];
  while (inARow < times) {
    const at = now();
    if (inARow === 0) beganAt = at;
    // Also of one that hangs: what ends it may come late, and the row that follows would begin later still.
    if (beganAt - since > withinMs) throw new PromiseBroken(code, `no ${times} ${what} in a row began within ${withinMs / 1000} s of ${after}`);
    const failed = await attempt();
    inARow = failed === undefined ? inARow + 1 : 0;
    if (failed !== undefined && at - since > withinMs) throw new PromiseBroken(code, `${((at - since) / 1000).toFixed(1)} s after ${after}: ${failed}`);
  }
  return beganAt;
}
