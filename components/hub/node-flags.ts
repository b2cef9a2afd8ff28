/**
 * What Node is started with for the hub: it is to be small while nothing happens (docs/performance.md says what each is worth). New objects
 * get 1 MB instead of 16 before they are looked through, V8 prefers less code to faster code where both do, and starts with no room to spare; what lies outside of the
 * heap, which is what passes through and what is cached, counts as what is in it, so that garbage of it is not left to grow. Functions that are hot are compiled, by Maglev: with no
 * compiler a list is read at a tenth of the speed. Turbofan's code is 6 MB of the process as soon as it compiles anything, and it comes too late for what a hub reads: a list now and then.
 */
export const hubFlags: readonly string[] = ['--max-semi-space-size=1', '--initial-heap-size=1', '--optimize-for-size', '--external-memory-accounted-in-global-limit', '--no-turbofan'];

/** Of the C library (mallopt(3)): one pool for all threads, of which what is free at its end goes back to the system. Bytes. */
export const hubEnvironment: Readonly<Record<string, string>> = { MALLOC_ARENA_MAX: '1', MALLOC_TRIM_THRESHOLD_: '131072' };
