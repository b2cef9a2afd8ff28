/**
 * What Node is started with for a tunnel's components. V8 starts a collection of the whole heap when memory outside of it,
 * which is where all that is carried lies, has grown by a share of the heap; ours is so small that this was every 20 MB
 * carried, and a quarter of all CPU time (docs/performance.md). Megabytes; the memory at its most stays the same. With the second
 * one it counts the heap and what is outside against one limit. That one is V8's own: the Node in our images is pinned.
 */
export const nodeFlags: readonly string[] = ['--initial-heap-size=64', '--external-memory-accounted-in-global-limit'];
