/**
 * What Node is started with for a tunnel's components (docs/performance.md). They are V8's own and may go: the Node in our images is pinned.
 *
 * V8 starts a collection of the whole heap when memory outside of it, which is where all that is carried lies, has grown by a share of the
 * heap; ours is so small that this was every 20 MB carried, and a quarter of all CPU time. Megabytes; the memory at its most stays
 * the same. With the second one it counts the heap and what is outside against one limit.
 *
 * An open runs through most of its functions once. V8 makes good code of one when it was called 3000 times: after 24,000
 * opens it was not done yet, and its compiler was at work beside the traffic for as long.
 */
export const nodeFlags: readonly string[] = ['--initial-heap-size=64', '--external-memory-accounted-in-global-limit', '--invocation-count-for-turbofan=300'];
