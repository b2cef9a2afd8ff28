/** All in milliseconds. */
export interface LinkTimings {
  /** TCP, TLS and the first word of HTTP/2 together; a probe's answer, too. */
  readonly dialMs: number;
  /** After so much silence the session that watches over the link is asked by a PING. */
  readonly pingEveryMs: number;
  /** Of all other sessions: they are asked at once when that one is lost. */
  readonly otherPingEveryMs: number;
  /** A PING that is not answered by then, with nothing else heard either, has found the session dead. */
  readonly pongWithinMs: number;
  /** Cut off, one probe begins about this often (a quarter more or less). */
  readonly probeEveryMs: number;
  /** A session was lost: the first probe begins within this time, so that a thousand nodes do not come as one. */
  readonly suspicionJitterMs: number;
  /** How long requests wait for the first verdict after a start. */
  readonly firstVerdictMs: number;
  /** A session beyond the first that nobody used for this long is closed. */
  readonly idleMs: number;
}

/**
 * A link that falls silent is found after 2.25 + 3 + 0.25 + 3 = 8.5 s at most, and 10 s are promised. A session that is dead by itself, on a link that is there, is found after
 * 16.9 + 3 = 19.9 s; Go's own clients, a kubelet without a hub among them, take 45 s (`HTTP2_READ_IDLE_TIMEOUT_SECONDS` and `HTTP2_PING_TIMEOUT_SECONDS` of apimachinery/pkg/util/net).
 * A link that is back is found after 3 s, when a probe is hanging just then, and a moment; 5 s are promised.
 */
export const defaultTimings: LinkTimings = {
  dialMs: 3000,
  pingEveryMs: 2000,
  otherPingEveryMs: 15_000,
  pongWithinMs: 3000,
  probeEveryMs: 1000,
  suspicionJitterMs: 250,
  firstVerdictMs: 1000,
  idleMs: 60_000,
};
