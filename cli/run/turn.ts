import { CannotTellError } from '../../core/errors.ts';
import { tryLock, whoHolds } from '../../core/lock.ts';
import { WaitTimeoutError, waitFor } from '../../core/wait.ts';
import type { Io } from '../io.ts';
import { myself } from './grade-alone.ts';

/** A run with all that is claimed takes a quarter of an hour, a soak twenty minutes, and each may be asked for several times. */
const longestMs = 6 * 60 * 60_000;

export interface TurnOptions {
  /** @internal Another lock, and less patience. */
  readonly name?: string;
  readonly timeoutMs?: number;
  readonly everyMs?: number;
}

/**
 * Waits until nobody else on this machine grades or measures, and says whom it waits for: budgets are meant for a machine that has room, and of two runs
 * at once each would be told broken what only was slow. Whoever dies gives it up.
 *
 * @throws CannotTellError `MACHINE_BUSY` after six hours; the signal's reason
 */
export async function takeTurn({ progress, signal }: Pick<Io, 'progress' | 'signal'>, { name = 'turn', timeoutMs = longestMs, everyMs = 1_000 }: TurnOptions = {}): Promise<AsyncDisposable> {
  const free = await tryLock(name, myself());
  if (free !== undefined) return free;
  return await progress.step('Waiting for another run on this machine', async (step) => {
    return await waitFor('a turn on this machine', async () => {
      const held = await tryLock(name, myself());
      if (held !== undefined) return { done: held };
      const who = (await whoHolds(name)) ?? 'one that has just ended';
      step.detail(who);
      return { missing: who };
    }, { timeoutMs, everyMs, signal }).catch((error: unknown) => {
      if (!(error instanceof WaitTimeoutError)) throw error;
      throw new CannotTellError('MACHINE_BUSY', `another edgeproof has graded or measured on this machine for ${timeoutMs / 60_000} minutes: ${error.missing}`, { next: 'see whether that one still moves, or interrupt it' });
    });
  });
}
