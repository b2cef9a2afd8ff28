import { waitFor } from '../../../core/wait.ts';

/** Waits for a condition. @throws WaitTimeoutError naming it */
export const until = async (what: string, holds: () => boolean | Promise<boolean>, timeoutMs = 5000): Promise<void> =>
  await waitFor(what, async () => ((await holds()) ? { done: undefined } : { missing: 'it does not hold' }), { timeoutMs, everyMs: 3 });
