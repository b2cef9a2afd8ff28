export interface SessionConfig {
  /** Credit that a new stream starts with, in bytes; less (down to 16 KiB) when memory runs short. */
  readonly initialWindowBytes: number;
  /** A stream that is read fast enough grows to this many bytes, and no further. */
  readonly maxWindowBytes: number;
  /** While another stream is active, a stream gets credit for no more than this, or than its rate needs. */
  readonly sharedWindowBytes: number;
  /** All windows of one session together: half of it for growth. A stream that finds no room at all is refused. */
  readonly sessionMemoryBytes: number;
  /** How many streams the peer may have open at once. */
  readonly maxStreams: number;
  /** DATA waits while the socket holds this many bytes, so that control frames pass with little in front of them. */
  readonly dataBacklogBytes: number;
  /** A peer that makes us answer (PING, refused OPENs) and does not read the answers is cut off at this many bytes. */
  readonly controlBacklogBytes: number;
  /** Time between two PINGs. */
  readonly pingAfterMs: number;
  /** Silence after a PING until the peer counts as gone. Together with pingAfterMs and two ticks: under 15 s. */
  readonly pongWithinMs: number;
  /** How often silence is looked at. */
  readonly tickMs: number;
  /** The peer's HELLO must be here by then. */
  readonly helloWithinMs: number;
}

const KiB = 1024;
const MiB = 1024 * KiB;

export const defaultSessionConfig: SessionConfig = {
  initialWindowBytes: 256 * KiB,
  maxWindowBytes: 4 * MiB,
  sharedWindowBytes: 512 * KiB,
  sessionMemoryBytes: 64 * MiB,
  maxStreams: 4096,
  dataBacklogBytes: 64 * KiB,
  // An answer of 16 bytes costs some 300 while it waits.
  controlBacklogBytes: 512 * KiB,
  pingAfterMs: 4000,
  pongWithinMs: 6000,
  tickMs: 1500,
  helloWithinMs: 5000,
};
