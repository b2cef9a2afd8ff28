import type { FrameSink } from '../decode.ts';

/** A frame as a value: for tests, and for the test vectors. */
export type Frame =
  | { readonly type: 'DATA'; readonly stream: number; readonly payload: string }
  | { readonly type: 'CREDIT'; readonly stream: number; readonly bytes: number }
  | { readonly type: 'FIN'; readonly stream: number }
  | { readonly type: 'RESET'; readonly stream: number; readonly code: string; readonly reason: string }
  | { readonly type: 'OPEN'; readonly stream: number; readonly credit: number; readonly deadlineMs: number; readonly target: string }
  | { readonly type: 'OPENED'; readonly stream: number; readonly credit: number }
  | { readonly type: 'PING' | 'PONG'; readonly opaque: string }
  | { readonly type: 'GOAWAY'; readonly code: string; readonly reason: string }
  | { readonly type: 'HELLO'; readonly maxStreams: number; readonly instance: string };

/** Collects frames, DATA whole. Payloads and opaque bytes are in hexadecimal. */
export function frameLog(frames: Frame[], keepPayload = true): FrameSink {
  let left = 0;
  let pieces: Buffer[] = [];
  return {
    dataStart: (_, bytes) => {
      left = bytes;
      pieces = [];
    },
    data: (stream, piece) => {
      left -= piece.length;
      if (keepPayload) pieces.push(piece);
      if (left === 0) frames.push({ type: 'DATA', stream, payload: Buffer.concat(pieces).toString('hex') });
    },
    credit: (stream, bytes) => frames.push({ type: 'CREDIT', stream, bytes }),
    fin: (stream) => frames.push({ type: 'FIN', stream }),
    reset: (stream, code, reason) => frames.push({ type: 'RESET', stream, code, reason }),
    open: (stream, credit, deadlineMs, target) => frames.push({ type: 'OPEN', stream, credit, deadlineMs, target }),
    opened: (stream, credit) => frames.push({ type: 'OPENED', stream, credit }),
    ping: (opaque) => frames.push({ type: 'PING', opaque: opaque.toString('hex') }),
    pong: (opaque) => frames.push({ type: 'PONG', opaque: opaque.toString('hex') }),
    goaway: (code, reason) => frames.push({ type: 'GOAWAY', code, reason }),
    hello: (maxStreams, instance) => frames.push({ type: 'HELLO', maxStreams, instance }),
  };
}
