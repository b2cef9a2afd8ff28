/** How long scenarios took before, by their promises. Milliseconds. */
export type EarlierTimes = Readonly<Record<string, number>>;

/** Nothing is said before so much is known. Milliseconds. */
const leastElapsedMs = 20_000;

/**
 * How long a run will take that is under way: what is left, by what it took before, at the pace at which what is done was done. That pace has in it how many run beside
 * each other, and how busy the machine is.
 *
 * @param progress of each scenario: whether it is done, and how long it has run so far
 * @returns milliseconds; undefined while nothing can be said
 */
export function timeLeftMs(earlier: EarlierTimes, progress: readonly { readonly promise: string; readonly done: boolean; readonly runsMs: number }[], elapsedMs: number): number | undefined {
  const known = Object.values(earlier).toSorted((a, b) => a - b);
  const usual = known[known.length >> 1];
  if (usual === undefined || elapsedMs < leastElapsedMs) return undefined;
  const whole = (promise: string): number => earlier[promise] ?? usual;
  // What runs longer than it did is about to end; how far it is, else, its time tells.
  const done = progress.reduce((sum, { promise, done: isDone, runsMs }) => sum + (isDone ? whole(promise) : Math.min(runsMs, whole(promise))), 0);
  const all = progress.reduce((sum, { promise }) => sum + whole(promise), 0);
  return done === 0 ? undefined : ((all - done) * elapsedMs) / done;
}
