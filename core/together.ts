/**
 * Runs parts side by side. The first that fails aborts the others: nobody waits for what is of no use any more.
 *
 * @returns all results in their order
 * @throws what failed first, when every part has ended (see all-done.ts)
 */
export async function together<const T extends readonly ((signal: AbortSignal) => Promise<unknown>)[]>(parts: T, signal?: AbortSignal): Promise<{ -readonly [I in keyof T]: Awaited<ReturnType<T[I]>> }> {
  const failed = new AbortController();
  const either = signal === undefined ? failed.signal : AbortSignal.any([signal, failed.signal]);
  const work = parts.map(async (part) => {
    try {
      return await part(either);
    } catch (error) {
      failed.abort(error); // only the first counts: a signal keeps its reason
      throw error;
    }
  });
  await Promise.allSettled(work);
  failed.signal.throwIfAborted();
  return (await Promise.all(work)) as { -readonly [I in keyof T]: Awaited<ReturnType<T[I]>> };
}
