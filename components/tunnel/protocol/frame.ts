/**
 * The tunnel's frames, version 1: docs/tunnel-protocol.md is the specification, vectors.json its test vectors.
 *
 * A frame is a header of 8 bytes (type: u8, payload length: u24, stream id: u32, big-endian) and its payload.
 */
export const frameTypes = {
  DATA: 0,
  CREDIT: 1,
  FIN: 2,
  RESET: 3,
  OPEN: 4,
  OPENED: 5,
  PING: 6,
  PONG: 7,
  GOAWAY: 8,
  HELLO: 9,
} as const;
export type FrameType = (typeof frameTypes)[keyof typeof frameTypes];

/** The version both ends speak, agreed on by ALPN (RFC 7301) before the first frame. */
export const alpnProtocol = 'edge-tunnel/1';

export const headerBytes = 8;
/** Of one DATA frame; also what a stream may send before it is another one's turn. */
export const maxDataBytes = 65_536;
/** A stream's credit never exceeds this many bytes. */
export const maxCredit = 0x7fff_ffff;
/** Reasons longer than this are cut by the sender and refused by the receiver. UTF-8 bytes. */
export const maxReasonBytes = 512;
/** `host:port`; a DNS name has 253 at most (RFC 1035). Bytes. */
export const maxTargetBytes = 512;
/** Name of the sender's instance, in HELLO. Bytes. */
export const maxInstanceBytes = 256;
/** Ids go up by two and are never used again; a session that has used up its own is drained. */
export const maxStreamId = 0xffff_ffff;

/** The payload length that a frame of a type may have, inclusive; what is outside ends the session. */
export const payloadBounds: Readonly<Record<FrameType, readonly [min: number, max: number]>> = {
  [frameTypes.DATA]: [1, maxDataBytes],
  [frameTypes.CREDIT]: [4, 4],
  [frameTypes.FIN]: [0, 0],
  [frameTypes.RESET]: [2, 2 + maxReasonBytes],
  [frameTypes.OPEN]: [9, 8 + maxTargetBytes],
  [frameTypes.OPENED]: [4, 4],
  [frameTypes.PING]: [8, 8],
  [frameTypes.PONG]: [8, 8],
  [frameTypes.GOAWAY]: [2, 2 + maxReasonBytes],
  [frameTypes.HELLO]: [4, 4 + maxInstanceBytes],
};

/** The most that any frame but DATA carries. */
export const maxControlBytes = Math.max(8 + maxTargetBytes, 2 + maxReasonBytes, 4 + maxInstanceBytes);

/** These belong to a stream and carry its id; all others carry 0. */
export const isStreamFrame = (type: FrameType): boolean => type <= frameTypes.OPENED;

/** Why a stream or a session was ended, on the wire. Unknown codes are taken for INTERNAL. */
export const reasonCodes = {
  /** Of a session: it is over and nothing went wrong. Of a stream: whoever used it went away. */
  CANCELLED: 0,
  INTERNAL: 1,
  /** The other end broke the protocol. */
  PROTOCOL: 2,
  /** The target is on no allow-list. */
  FORBIDDEN: 3,
  /** Nobody listens at the target. */
  REFUSED: 4,
  /** The target did not answer in time. */
  TIMEOUT: 5,
  /** There is no way to the target's host, or its name is unknown. */
  UNREACHABLE: 6,
  /** The target reset an established connection. */
  TARGET_RESET: 7,
  /** Too many streams, or no memory left for one more. */
  BUSY: 8,
  /** The session takes no new streams: it is being drained. */
  DRAINING: 9,
  /** The link went silent or broke. */
  LINK_LOST: 10,
  /** A newer session of the same peer has taken over. */
  REPLACED: 11,
  /** The peer's certificate or node is no longer accepted. */
  REVOKED: 12,
  /** No session of the target's node is at this server; another one may have it. */
  ABSENT: 13,
} as const;
export type ReasonCode = keyof typeof reasonCodes;

const reasonNames = new Map<number, ReasonCode>(Object.entries(reasonCodes).map(([name, code]) => [code, name as ReasonCode]));
export const reasonName = (code: number): ReasonCode => reasonNames.get(code) ?? 'INTERNAL';
