import { creditFrame, dataFrame, finFrame, goawayFrame, helloFrame, openedFrame, openFrame, pingFrame, resetFrame } from '../encode.ts';
import { frameTypes, type ReasonCode } from '../frame.ts';
import type { Frame } from './frame-log.ts';

/** A frame's bytes, by the encoder that sessions use. */
export function encodeFrame(frame: Frame): Buffer {
  switch (frame.type) {
    case 'DATA':
      return dataFrame(frame.stream, Buffer.from(frame.payload, 'hex'));
    case 'CREDIT':
      return creditFrame(frame.stream, frame.bytes);
    case 'FIN':
      return finFrame(frame.stream);
    case 'RESET':
      return resetFrame(frame.stream, frame.code as ReasonCode, frame.reason);
    case 'OPEN':
      return openFrame(frame.stream, frame.credit, frame.deadlineMs, frame.target);
    case 'OPENED':
      return openedFrame(frame.stream, frame.credit);
    case 'PING':
    case 'PONG':
      return pingFrame(frameTypes[frame.type], Buffer.from(frame.opaque, 'hex'));
    case 'GOAWAY':
      return goawayFrame(frame.code as ReasonCode, frame.reason);
    case 'HELLO':
      return helloFrame(frame.maxStreams, frame.instance);
  }
}
