import { allDone } from '../../core/all-done.ts';

/** How calls went that were made, one after the other, while something else was done. */
export interface Calls {
  readonly made: number;
  /** Why those failed that did, in their order. */
  readonly failures: readonly string[];
}

/**
 * Calls again and again while a work is done, and comes back when both have ended: one call at the least, also for a work that is done at once.
 *
 * @param call says what was wrong, or nothing
 * @throws what the work, or else a call, throws
 */
export async function callsMeanwhile(call: () => Promise<string | undefined>, work: () => Promise<unknown>): Promise<Calls> {
  let over = false;
  let made = 0;
  const failures: string[] = [];
  const calling = async (): Promise<void> => {
    do {
      const failure = await call();
      made += 1;
      if (failure !== undefined) failures.push(failure);
    } while (!over);
  };
  await allDone([work().finally(() => { over = true; }), calling()]);
  return { made, failures };
}
