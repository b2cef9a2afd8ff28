import { waitFor } from '../../../../core/wait.ts';

/** Waits for a condition. @throws WaitTimeoutError naming it */
export const until = async (what: string, holds: () => boolean, timeoutMs = 10_000): Promise<void> =>
  await waitFor(what, async () => (holds() ? { done: undefined } : { missing: 'it does not hold' }), { timeoutMs, everyMs: 2 });
