/**
 * As `Promise.all`, but comes back only when every one has ended, also when one has failed: what cleans up after
 * them must not be overtaken by one that is still at work.
 *
 * @throws the error of the first in the list that failed
 */
export async function allDone<T extends readonly unknown[]>(work: T): Promise<{ -readonly [I in keyof T]: Awaited<T[I]> }> {
  await Promise.allSettled(work);
  return await Promise.all(work);
}
