import { setTimeout as sleep } from 'node:timers/promises';
import { PromiseBroken } from '../../core/errors.ts';
import type { BudgetAttachment } from '../../reports/attachments.ts';
import { WaitTimeoutError, waitFor, type Look } from '../../core/wait.ts';

export interface Budget {
  /** What is waited for, as a sentence's beginning: `app running again`. */
  readonly what: string;
  readonly budgetMs: number;
  /** Code of the PromiseBroken when it does not come in time. */
  readonly code: string;
  readonly everyMs?: number;
  /** Milliseconds since the epoch from which the budget runs. Default: now. */
  readonly since?: number;
  readonly signal: AbortSignal;
  readonly attach: (record: BudgetAttachment) => void;
}

/**
 * Waits for what a promise says, and measures it. Looks that cannot see (a node that does not answer) are not proof
 * that the promise is broken: when the last look ended so, the error says "could not tell". A look that throws PromiseBroken has seen
 * enough.
 *
 * @throws PromiseBroken when it did not come in time, or a look did; WaitTimeoutError when the last look could not see.
 */
export async function within<T>(budget: Budget, look: (signal: AbortSignal) => Promise<Look<T>>): Promise<T> {
  const { what, budgetMs, code, attach, signal } = budget;
  const since = budget.since ?? Date.now();
  let blind: unknown = new Error('no look came to its end');
  const watched = async (lookSignal: AbortSignal): Promise<Look<T | PromiseBroken>> => {
    try {
      const seen = await look(lookSignal);
      blind = undefined;
      return seen;
    } catch (error) {
      if (error instanceof PromiseBroken) return { done: error };
      // Cut short by the deadline, a look says nothing; the one before it counts.
      if (!lookSignal.aborted) blind = error;
      throw error;
    }
  };
  const record = (): void => attach({ what, budgetMs, tookMs: Date.now() - since });
  let broken: PromiseBroken;
  try {
    const left = Math.max(1, budgetMs - (Date.now() - since));
    const done = await waitFor(what, watched, { timeoutMs: left, signal, everyMs: budget.everyMs ?? 250 });
    record();
    if (!(done instanceof PromiseBroken)) return done;
    broken = done;
  } catch (error) {
    if (!(error instanceof WaitTimeoutError)) throw error;
    record();
    if (blind !== undefined) throw error;
    throw new PromiseBroken(code, `${what}: not within ${budgetMs / 1000} s; at the last look: ${error.missing}`);
  }
  throw broken;
}

/**
 * Looks again and again for a while: something must not happen.
 *
 * @param options.seen is told of each look: when it was done, and the sentence
 * @param look returns a sentence when it has happened.
 * @throws PromiseBroken at once when it has; whatever a look throws.
 */
export async function throughout(options: { forMs: number; code: string; signal: AbortSignal; everyMs?: number; seen?: (at: number, why: string | undefined) => void }, look: () => Promise<string | undefined>): Promise<void> {
  const started = Date.now();
  do {
    const seen = await look();
    options.seen?.(Date.now(), seen);
    if (seen !== undefined) throw new PromiseBroken(options.code, `${seen} (${((Date.now() - started) / 1000).toFixed(1)} s into the ${options.forMs / 1000} s it was watched for)`);
    await sleep(options.everyMs ?? 500, undefined, { signal: options.signal });
  } while (Date.now() - started < options.forMs);
}
