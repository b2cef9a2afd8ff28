/**
 * What Node is started with for a tunnel's components. V8 starts a collection of the whole heap when memory outside of it,
 * which is where all that is carried lies, has grown by a share of the heap; ours is so small that this was every 20 MB
 * carried, and a quarter of all CPU time (docs/performance.md). Megabytes; the memory at its most stays the same.
 */
export const nodeFlags: readonly string[] = ['--initial-heap-size=64'];
