import { ProtocolError } from './errors.ts';
import { frameTypes, headerBytes, isStreamFrame, payloadBounds, reasonName, type FrameType, type ReasonCode } from './frame.ts';

/** Told of what a peer sends, in order. DATA comes in the pieces in which it arrives; everything else whole. */
export interface FrameSink {
  /** Before the first piece of a DATA frame: its whole length, so that a credit is checked once. */
  dataStart(streamId: number, bytes: number): void;
  /** A view on the bytes that were fed: it is kept as long as it is referred to, and never written to again. */
  data(streamId: number, piece: Buffer): void;
  credit(streamId: number, bytes: number): void;
  fin(streamId: number): void;
  reset(streamId: number, code: ReasonCode, reason: string): void;
  open(streamId: number, credit: number, deadlineMs: number, target: string): void;
  opened(streamId: number, credit: number): void;
  ping(opaque: Buffer): void;
  pong(opaque: Buffer): void;
  goaway(code: ReasonCode, reason: string): void;
  hello(maxStreams: number, instance: string): void;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

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
  /** Bytes of a header, or of a header with its control payload, that is not whole yet. */
  #held: Buffer | undefined;
  /** DATA bytes still to come in the current frame. */
  #dataLeft = 0;
  #dataStream = 0;

  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  /** True between two frames: a stream of bytes may end here and nowhere else. */
  get atBoundary(): boolean {
    return this.#dataLeft === 0 && this.#held === undefined;
  }

  /** @throws ProtocolError for what no peer may send; the decoder must not be fed again after that */
  feed(chunk: Buffer): void {
    let bytes = chunk;
    if (this.#held !== undefined) {
      bytes = Buffer.concat([this.#held, chunk]);
      this.#held = undefined;
    }
    let at = 0;
    while (at < bytes.length) {
      if (this.#dataLeft > 0) {
        const end = Math.min(bytes.length, at + this.#dataLeft);
        this.#dataLeft -= end - at;
        this.#sink.data(this.#dataStream, at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end));
        at = end;
        continue;
      }
      if (bytes.length - at < headerBytes) break;
      const first = bytes.readUInt32BE(at);
      const type = (first >>> 24) as FrameType;
      const length = first & 0xff_ffff;
      const streamId = bytes.readUInt32BE(at + 4);
      check(type, length, streamId);
      if (type === frameTypes.DATA) {
        at += headerBytes;
        this.#sink.dataStart(streamId, length);
        this.#dataStream = streamId;
        this.#dataLeft = length;
        continue;
      }
      if (bytes.length - at < headerBytes + length) break;
      this.#control(type, streamId, bytes.subarray(at + headerBytes, at + headerBytes + length));
      at += headerBytes + length;
    }
    // A copy: the view would keep a whole chunk alive for a few bytes.
    if (at < bytes.length) this.#held = Buffer.from(bytes.subarray(at));
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

function check(type: FrameType, length: number, streamId: number): void {
  const bounds = payloadBounds[type] as readonly [number, number] | undefined;
  if (bounds === undefined) throw new ProtocolError(`unknown frame type ${type}`);
  if (length < bounds[0] || length > bounds[1]) throw new ProtocolError(`a frame of type ${type} with ${length} bytes`);
  if (isStreamFrame(type) === (streamId === 0)) throw new ProtocolError(`a frame of type ${type} for stream ${streamId}`);
}
