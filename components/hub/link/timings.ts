/** All in milliseconds. */
export interface LinkTimings {
  /** TCP, TLS and the first word of HTTP/2 together; a probe's answer, too. */
  readonly dialMs: number;
  /** After so much silence the session that watches over the link is asked by a PING: longer than a kubelet that renews its Lease every 5 s (and 4 % more) lets it be silent. */
  readonly pingEveryMs: number;
  /** Of all other sessions: they are asked at once when that one is doubtful or lost. */
  readonly otherPingEveryMs: number;
  /** Any session is asked when a request has no first word of an answer for so long, and nothing was heard since it was sent. */
  readonly owedMs: number;
  /** The link is probed when the session that watches over it has not answered a PING by then, with nothing else heard either. That session may still be heard: then all is well. */
  readonly doubtMs: number;
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
 * A link that falls silent is found after 5.5 + 0.75 + 3 = 9.25 s at most, and 10 s are promised; where something was asked when it fell silent, or is within 3 s, after 2.25 + 0.75 + 3 = 6 s
 * of that (0.75 s more on another session than the one that watches). A session that is dead by itself, on a link that is there, is found after 40.25 + 3 = 43.25 s, and after 2.25 + 3 s once something is asked of it; Go's own clients, a kubelet
 * without a hub among them, take 45 s (`HTTP2_READ_IDLE_TIMEOUT_SECONDS` and `HTTP2_PING_TIMEOUT_SECONDS` of apimachinery/pkg/util/net).
 * A link that is back is found after 3 s, when a probe is hanging just then, and a moment; 5 s are promised.
 */
export const defaultTimings: LinkTimings = {
  dialMs: 3000,
  pingEveryMs: 5250,
  otherPingEveryMs: 40_000,
  owedMs: 2000,
  doubtMs: 750,
  pongWithinMs: 3000,
  probeEveryMs: 1000,
  suspicionJitterMs: 250,
  firstVerdictMs: 1000,
  idleMs: 60_000,
};
