import { ProtocolError } from './errors.ts';
import { frameTypes, headerBytes, isStreamFrame, maxControlBytes, payloadBounds, reasonName, type FrameType, type ReasonCode } from './frame.ts';

/** Told of what a peer sends, in order. DATA comes in the pieces in which it arrives; everything else whole. */
export interface FrameSink {
  /** Before the first piece of a DATA frame: its whole length, so that a credit is checked once. */
  dataStart(streamId: number, bytes: number): void;
  /** The piece is never written to again, and keeps no more than twice its own size of memory. */
  data(streamId: number, piece: Buffer): void;
  credit(streamId: number, bytes: number): void;
  fin(streamId: number): void;
  reset(streamId: number, code: ReasonCode, reason: string): void;
  open(streamId: number, credit: number, deadlineMs: number, target: string): void;
  opened(streamId: number, credit: number): void;
  /** @param opaque good only until this returns */
  ping(opaque: Buffer): void;
  pong(opaque: Buffer): void;
  goaway(code: ReasonCode, reason: string): void;
  hello(maxStreams: number, instance: string): void;
}

// A text that begins with U+FEFF has it: that is no byte order mark here.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function text(payload: Buffer, from: number): string {
  try {
    return utf8.decode(payload.subarray(from));
  } catch {
    throw new ProtocolError('a text that is not UTF-8');
  }
}

/** Takes a byte stream apart into frames. Holds back at most one header and one control frame (under 600 bytes). */
export class FrameDecoder {
  readonly #sink: FrameSink;
  /** The beginning of a frame whose header, or whose control payload, is not whole yet. */
  #held: Buffer | undefined;
  #heldBytes = 0;
  /** DATA bytes still to come in the current frame. */
  #dataLeft = 0;
  #dataStream = 0;
  #stopped = false;

  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  /** True between two frames: a stream of bytes may end here and nowhere else. */
  get atBoundary(): boolean {
    return this.#dataLeft === 0 && this.#heldBytes === 0;
  }

  /** The sink hears of nothing more, also when it calls this while it is being told of a frame. */
  stop(): void {
    this.#stopped = true;
  }

  /** @throws ProtocolError for what no peer may send; the decoder must not be fed again after that */
  feed(chunk: Buffer): void {
    let at = this.#heldBytes > 0 ? this.#completeHeld(chunk) : 0;
    while (at < chunk.length && !this.#stopped) {
      if (this.#dataLeft > 0) {
        const end = Math.min(chunk.length, at + this.#dataLeft);
        this.#dataLeft -= end - at;
        this.#sink.data(this.#dataStream, pieceOf(chunk, at, end));
        at = end;
        continue;
      }
      if (chunk.length - at < headerBytes) break;
      const first = chunk.readUInt32BE(at);
      const type = (first >>> 24) as FrameType;
      const length = first & 0xff_ffff;
      const streamId = chunk.readUInt32BE(at + 4);
      check(type, length, streamId);
      if (type === frameTypes.DATA) {
        at += headerBytes;
        this.#startData(streamId, length);
        continue;
      }
      if (chunk.length - at < headerBytes + length) break;
      this.#control(type, streamId, chunk.subarray(at + headerBytes, at + headerBytes + length));
      at += headerBytes + length;
    }
    if (at < chunk.length && !this.#stopped) this.#hold(chunk, at, chunk.length);
  }

  /** Goes on with a frame whose beginning came with earlier chunks. @returns how much of the chunk belongs to it */
  #completeHeld(chunk: Buffer): number {
    let at = Math.min(chunk.length, headerBytes - this.#heldBytes);
    if (at > 0) this.#hold(chunk, 0, at);
    else at = 0;
    if (this.#heldBytes < headerBytes) return at;
    const held = this.#held!;
    const type = held[0]! as FrameType;
    const length = held.readUIntBE(1, 3);
    const streamId = held.readUInt32BE(4);
    check(type, length, streamId);
    if (type === frameTypes.DATA) {
      this.#heldBytes = 0;
      this.#startData(streamId, length);
      return at;
    }
    const end = Math.min(chunk.length, at + headerBytes + length - this.#heldBytes);
    this.#hold(chunk, at, end);
    if (this.#heldBytes === headerBytes + length) {
      this.#heldBytes = 0;
      this.#control(type, streamId, held.subarray(headerBytes, headerBytes + length));
    }
    return end;
  }

  #hold(chunk: Buffer, from: number, to: number): void {
    this.#held ??= Buffer.allocUnsafeSlow(headerBytes + maxControlBytes);
    chunk.copy(this.#held, this.#heldBytes, from, to);
    this.#heldBytes += to - from;
  }

  #startData(streamId: number, length: number): void {
    this.#sink.dataStart(streamId, length);
    this.#dataStream = streamId;
    this.#dataLeft = length;
  }

  #control(type: FrameType, streamId: number, payload: Buffer): void {
    const sink = this.#sink;
    switch (type) {
      case frameTypes.CREDIT:
        return sink.credit(streamId, payload.readUInt32BE(0));
      case frameTypes.FIN:
        return sink.fin(streamId);
      case frameTypes.RESET:
        return sink.reset(streamId, reasonName(payload.readUInt16BE(0)), text(payload, 2));
      case frameTypes.OPEN:
        return sink.open(streamId, payload.readUInt32BE(0), payload.readUInt32BE(4), text(payload, 8));
      case frameTypes.OPENED:
        return sink.opened(streamId, payload.readUInt32BE(0));
      case frameTypes.PING:
        return sink.ping(payload);
      case frameTypes.PONG:
        return sink.pong(payload);
      case frameTypes.GOAWAY:
        return sink.goaway(reasonName(payload.readUInt16BE(0)), text(payload, 2));
      case frameTypes.HELLO:
        return sink.hello(payload.readUInt32BE(0), text(payload, 4));
    }
  }
}

/**
 * A view, or a copy where the piece is a small part of the chunk: a reader that is slow would keep the whole chunk, which
 * is mostly other streams', for a few bytes of its own, and hold many times what its window allows.
 */
function pieceOf(chunk: Buffer, from: number, to: number): Buffer {
  if (from === 0 && to === chunk.length) return chunk;
  const view = chunk.subarray(from, to);
  if (view.length * 2 >= chunk.length) return view;
  const copy = Buffer.allocUnsafeSlow(view.length);
  view.copy(copy);
  return copy;
}

function check(type: FrameType, length: number, streamId: number): void {
  const bounds = payloadBounds[type] as readonly [number, number] | undefined;
  if (bounds === undefined) throw new ProtocolError(`unknown frame type ${type}`);
  if (length < bounds[0] || length > bounds[1]) throw new ProtocolError(`a frame of type ${type} with ${length} bytes`);
  if (isStreamFrame(type) === (streamId === 0)) throw new ProtocolError(`a frame of type ${type} for stream ${streamId}`);
}
