import { setTimeout as sleep } from 'node:timers/promises';
import { EdgeproofError } from './errors.ts';

export interface WaitOptions {
  readonly timeoutMs: number;
  /** Time between the end of one look and the start of the next. Default: 250. */
  readonly everyMs?: number;
  readonly signal?: AbortSignal;
}

/** What a look found: the value that was waited for, or a sentence saying what is still missing. */
export type Look<T> = { readonly done: T } | { readonly missing: string };

/** The deadline passed; the message says what was still missing at the last look. */
export class WaitTimeoutError extends EdgeproofError {
  readonly missing: string;

  constructor(what: string, timeoutMs: number, missing: string, cause?: unknown) {
    super('WAIT_TIMEOUT', `${what}: not within ${timeoutMs / 1000} s; at the last look: ${missing}`, { cause });
    this.missing = missing;
  }
}

/**
 * Looks until a condition holds or the deadline passes. A look that throws counts as "not yet", and its
 * error is the cause of the time-out; a final one ends the wait. A look gets a signal that is aborted at the deadline.
 *
 * @throws WaitTimeoutError when the deadline passed; the signal's reason when aborted; a look's error that is final.
 */
export async function waitFor<T>(what: string, look: (signal: AbortSignal) => Promise<Look<T>>, options: WaitOptions): Promise<T> {
  const deadline = AbortSignal.timeout(options.timeoutMs);
  const signal = options.signal === undefined ? deadline : AbortSignal.any([options.signal, deadline]);
  let missing = 'nothing was seen yet';
  let cause: unknown;
  for (;;) {
    try {
      const seen = await look(signal);
      if ('done' in seen) return seen.done;
      missing = seen.missing;
      cause = undefined;
    } catch (error) {
      if (error instanceof EdgeproofError && error.final) throw error;
      if (!signal.aborted || cause === undefined) {
        cause = error;
        if (!signal.aborted) missing = error instanceof Error ? error.message : String(error);
      }
    }
    options.signal?.throwIfAborted();
    if (deadline.aborted) throw new WaitTimeoutError(what, options.timeoutMs, missing, cause);
    await sleep(options.everyMs ?? 250, undefined, { signal }).catch(() => {});
    options.signal?.throwIfAborted();
    if (deadline.aborted) throw new WaitTimeoutError(what, options.timeoutMs, missing, cause);
  }
}
