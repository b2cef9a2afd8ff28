import type { ClientHttp2Stream } from 'node:http2';
import { finished, type Readable } from 'node:stream';
import { AnswerBody, type LinkAnswer } from './answer.ts';
import { collectHeaders, first } from '../common/headers.ts';
import { LinkError, notSent, reasonOf } from './link-error.ts';
import type { UpstreamSession } from './upstream-session.ts';

export interface Exchange {
  readonly session: UpstreamSession;
  readonly stream: ClientHttp2Stream;
  readonly body: Buffer | Readable | undefined;
  /** Breaks the stream off, as one that is no longer wanted. */
  readonly cancel: () => void;
  /** Whether whoever asked has gone. */
  readonly gone: () => boolean;
}

/**
 * Sends a request's body and waits for the head of its answer.
 *
 * @throws LinkError `BROKEN`, `RESET`, `REFUSED`, `CLIENT_GONE`
 */
export function exchange({ session, stream, body, cancel, gone }: Exchange): Promise<LinkAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<LinkAnswer>();
  let failure: unknown;
  const broken = (error: unknown): LinkError => explain(session, stream, error, gone());
  const failed = (error: unknown): void => {
    failure = error;
  };
  // When it is the session that ends, Node tells of its streams first.
  const closed = (): void => void setImmediate(() => reject(broken(failure)));
  stream.on('error', failed);
  stream.once('close', closed);
  stream.once('response', (_headers, _flags, raw?: readonly string[]) => {
    stream.off('error', failed).off('close', closed);
    const pairs = raw ?? [];
    const status = Number(pairs[pairs.indexOf(':status') + 1]);
    resolve({ status, headers: collectHeaders(pairs), body: new AnswerBody(stream, { broken, cancel }) });
  });
  if (Buffer.isBuffer(body)) stream.end(body);
  else if (body !== undefined) upload(body, stream);
  return promise;
}

/** Sends a body as it comes. An answer may come before its end, and be all that the API server wants to say (403, 413). */
function upload(body: Readable, stream: ClientHttp2Stream): void {
  // A body that breaks off must not look like one that has ended: what is destroyed with an error is reset.
  finished(body, { writable: false }, (error) => {
    if (error) stream.destroy(error);
  });
  // The client is told by its answer; its request is left alone, because it is the very stream, or socket, that the answer goes out on. What it still sends is not wanted.
  stream.once('close', () => void body.unpipe(stream).resume());
  body.pipe(stream);
}

function explain(session: UpstreamSession, stream: ClientHttp2Stream, error: unknown, gone: boolean): LinkError {
  const mayHaveBeenSeen = session.mayHaveSeen(stream);
  if (gone) return new LinkError('CLIENT_GONE', 'whoever asked has gone', { mayHaveBeenSeen });
  const lostBy = session.lostBy ?? (session.takesMore ? undefined : 'the API server has ended it');
  if (lostBy !== undefined && (mayHaveBeenSeen || session.lostBy !== undefined)) return new LinkError('BROKEN', `the session to the API server was lost: ${lostBy}`, { mayHaveBeenSeen, cause: error });
  if (!mayHaveBeenSeen) return notSent('REFUSED', 'the API server did not take the request up', error);
  return new LinkError('RESET', `the API server broke off its answer: ${error === undefined ? `code ${stream.rstCode}` : reasonOf(error)}`, { mayHaveBeenSeen, cause: error });
}

/** Of an answer that only a go-between gives: the API server names its audit's id in every answer of its own, a Status or not. */
export const isOwnAnswer = ({ status, headers }: LinkAnswer): boolean => (status !== 502 && status !== 503 && status !== 504) || first(headers, 'audit-id') !== undefined;

/** `k8s\0`, with which Kubernetes' protobuf begins. */
const protobufMagic = Buffer.from('k8s\0');

/** Whether a body is a Kubernetes Status. */
export function isStatus(body: Buffer): boolean {
  if (body.subarray(0, 4).equals(protobufMagic)) return body.includes('Status');
  try {
    return (JSON.parse(body.toString()) as { kind?: unknown } | null)?.kind === 'Status';
  } catch {
    return false;
  }
}
