import { frameTypes, headerBytes, maxInstanceBytes, maxReasonBytes, maxTargetBytes, reasonCodes, type FrameType, type ReasonCode } from './frame.ts';

function frame(type: FrameType, streamId: number, payloadBytes: number): Buffer {
  const buffer = Buffer.allocUnsafe(headerBytes + payloadBytes);
  writeHeader(buffer, type, streamId, payloadBytes);
  return buffer;
}

function writeHeader(buffer: Buffer, type: FrameType, streamId: number, payloadBytes: number): void {
  buffer.writeUInt32BE(type * 0x100_0000 + payloadBytes, 0);
  buffer.writeUInt32BE(streamId, 4);
}

/** The header of a DATA frame alone: its payload is written behind it as it is, without a copy. */
export function dataHeader(streamId: number, payloadBytes: number): Buffer {
  const buffer = Buffer.allocUnsafe(headerBytes);
  writeHeader(buffer, frameTypes.DATA, streamId, payloadBytes);
  return buffer;
}

/** A whole DATA frame, with a copy of its payload: for a small one, cheaper than a second write. */
export function dataFrame(streamId: number, ...pieces: readonly Buffer[]): Buffer {
  let bytes = 0;
  for (const { length } of pieces) bytes += length;
  const buffer = frame(frameTypes.DATA, streamId, bytes);
  let at = headerBytes;
  for (const piece of pieces) {
    buffer.set(piece, at);
    at += piece.length;
  }
  return buffer;
}

/** @param bytes how many more the peer may send on the stream */
export function creditFrame(streamId: number, bytes: number): Buffer {
  const buffer = frame(frameTypes.CREDIT, streamId, 4);
  buffer.writeUInt32BE(bytes, headerBytes);
  return buffer;
}

export const finFrame = (streamId: number): Buffer => frame(frameTypes.FIN, streamId, 0);

export const resetFrame = (streamId: number, code: ReasonCode, reason: string): Buffer => reasonFrame(frameTypes.RESET, streamId, code, reason);

/** @param deadlineMs how long the peer may take until it answers OPENED or RESET */
export function openFrame(streamId: number, credit: number, deadlineMs: number, target: string): Buffer {
  const text = Buffer.from(target);
  if (text.length === 0 || text.length > maxTargetBytes) throw new RangeError(`a target has 1 to ${maxTargetBytes} bytes, and this has ${text.length}`);
  const buffer = frame(frameTypes.OPEN, streamId, 8 + text.length);
  buffer.writeUInt32BE(credit, headerBytes);
  buffer.writeUInt32BE(deadlineMs, headerBytes + 4);
  text.copy(buffer, headerBytes + 8);
  return buffer;
}

export function openedFrame(streamId: number, credit: number): Buffer {
  const buffer = frame(frameTypes.OPENED, streamId, 4);
  buffer.writeUInt32BE(credit, headerBytes);
  return buffer;
}

/** @param opaque 8 bytes that come back in the PONG */
export function pingFrame(type: typeof frameTypes.PING | typeof frameTypes.PONG, opaque: Buffer): Buffer {
  const buffer = frame(type, 0, 8);
  opaque.copy(buffer, headerBytes);
  return buffer;
}

export const goawayFrame = (code: ReasonCode, reason: string): Buffer => reasonFrame(frameTypes.GOAWAY, 0, code, reason);

/** @param maxStreams how many streams the sender lets the peer have open at once */
export function helloFrame(maxStreams: number, instance: string): Buffer {
  const text = cut(instance, maxInstanceBytes);
  const buffer = frame(frameTypes.HELLO, 0, 4 + text.length);
  buffer.writeUInt32BE(maxStreams, headerBytes);
  text.copy(buffer, headerBytes + 4);
  return buffer;
}

function reasonFrame(type: FrameType, streamId: number, code: ReasonCode, reason: string): Buffer {
  const text = cut(reason, maxReasonBytes);
  const buffer = frame(type, streamId, 2 + text.length);
  buffer.writeUInt16BE(reasonCodes[code], headerBytes);
  text.copy(buffer, headerBytes + 2);
  return buffer;
}

/** The text's UTF-8 bytes, cut between characters. */
function cut(text: string, maxBytes: number): Buffer {
  const whole = Buffer.from(text);
  if (whole.length <= maxBytes) return whole;
  let end = maxBytes;
  while (end > 0 && (whole[end]! & 0xc0) === 0x80) end -= 1; // a continuation byte: the character began before
  return whole.subarray(0, end);
}
