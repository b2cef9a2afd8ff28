/**
 * What Node is started with for the hub: it is to be small while nothing happens (docs/performance.md says what each is worth). New objects
 * get 1 MB instead of 16 before they are looked through, V8 prefers less code to faster code where both do, and starts with no room to spare; what lies outside of the
 * heap, which is what passes through and what is cached, counts as what is in it, so that garbage of it is not left to grow. Functions that are hot are still compiled: without
 * that a list is read at a tenth of the speed.
 */
export const hubFlags: readonly string[] = ['--max-semi-space-size=1', '--initial-heap-size=1', '--optimize-for-size', '--external-memory-accounted-in-global-limit'];

/** Of the C library (mallopt(3)): one pool for all threads, of which what is free at its end goes back to the system. Bytes. */
export const hubEnvironment: Readonly<Record<string, string>> = { MALLOC_ARENA_MAX: '1', MALLOC_TRIM_THRESHOLD_: '131072' };
