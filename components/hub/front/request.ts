import type { Readable, Writable } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { EdgeproofError } from '../../../core/errors.ts';
import type { Headers } from '../common/headers.ts';
import type { Identity } from './identity.ts';

/** What any request has, also one for another protocol. */
export interface RequestHead {
  readonly method: string;
  /** Path and query, as they came. */
  readonly path: string;
  readonly headers: Headers;
  readonly identity: Identity;
  /** Whether it asks to be taken for somebody else (`Impersonate-…`): the API server decides, and the answer is not this identity's. */
  readonly impersonates: boolean;
  /** Aborted when the client goes before it has its whole answer. */
  readonly signal: AbortSignal;
  /** When its answer is over, or its client gone: also of one that is left open when its handler has returned. */
  readonly over: Promise<void>;
  readonly response: FrontResponse;
}

export interface FrontRequest extends RequestHead {
  /** Bytes, or undefined when the client does not say. 0: there is no body. */
  readonly bodyBytes: number | undefined;
  /** For whoever passes it on as it comes. */
  readonly body: Readable;
  /**
   * The whole body; may be asked for again.
   *
   * @throws BodyError `TOO_LARGE` (it stays unread then), `BROKEN_OFF`, `GONE` when somebody else has read it
   */
  readBody(maxBytes: number): Promise<Buffer>;
}

/** One answer: begun once, and either ended or broken off. */
export interface FrontResponse {
  /** Of the answer that was begun. */
  readonly status: number | undefined;
  /** Begins the answer; the client gets its head at once. @returns where its body goes */
  start(status: number, headers: Headers): Writable;
  /** Tells the client that what it has is not the whole. */
  break(reason: Error): void;
}

/** A request for another protocol, over HTTP/1.1. It is accepted, or answered as any other. */
export interface FrontUpgrade extends RequestHead {
  /** Bytes that came glued to the request. */
  readonly head: Buffer;
  /** Answers 101. @returns the connection, to be used as the protocol says */
  accept(headers: Headers): TLSSocket;
}

/** What becomes of requests. */
export interface FrontHandler {
  handle(request: FrontRequest): Promise<void>;
  upgrade(upgrade: FrontUpgrade): Promise<void>;
}

export class BodyError extends EdgeproofError {
  declare readonly code: 'TOO_LARGE' | 'BROKEN_OFF' | 'GONE';

  constructor(code: BodyError['code'], message: string, cause?: unknown) {
    super(code, message, { cause });
  }
}
