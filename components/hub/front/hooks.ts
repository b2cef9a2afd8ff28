import type { Transform, Writable } from 'node:stream';
import type { Headers } from '../common/headers.ts';
import type { LinkError } from '../link/index.ts';
import type { FrontRequest } from './request.ts';

/** What others add to plain forwarding. All of it is optional. */
export interface ForwardHooks {
  /**
   * Answers a request that the API server need not be asked, whether it is there or not.
   *
   * @returns whether it has
   */
  local?(request: FrontRequest): boolean;
  /**
   * Looks at a request before it goes upstream.
   *
   * @returns what is to be different about it, and who wants to see its answer
   */
  plan?(request: FrontRequest): ForwardPlan | undefined;
  /**
   * Answers in place of the API server: the link is cut off, or was lost before there was an answer. For a request that changes something,
   * `error.mayHaveBeenSeen` says whether it may have been carried out. The body is in `request.readBody`.
   *
   * @returns false: not answered, and the client is told so
   */
  unanswered?(request: FrontRequest, error: LinkError): Promise<boolean>;
}

export interface ForwardPlan {
  /** The path and query that go upstream instead of the client's. */
  readonly path?: string;
  /** Headers that go upstream instead of the client's; undefined takes one away. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  /** The API server may pack the answer (gzip): it is unpacked before anybody sees it. */
  readonly packed?: boolean;
  /** Looks at the head of the answer. @returns who goes on with its body, if anybody */
  answer?(status: number, headers: Headers): AnswerTap | undefined;
}

/** Sees an answer on its way to the client, and may change it. In the order of the calls; nothing here holds the client up, except `through`. */
export interface AnswerTap {
  /** Each piece of the API server's body, before the client gets it. */
  piece?(chunk: Buffer): void;
  /** The whole of the body was seen, and the client has not had its end yet. */
  whole?(): void;
  /**
   * It broke off: the link, the API server or the client (`CLIENT_GONE`).
   *
   * @returns true: the tap goes on with the client's answer, which stays open (a watch that is cut off). Not asked of it when the client has gone
   */
  broken?(error: LinkError, rest: Writable): boolean;
  /** The head that the client gets instead. `content-length` must be gone when `through` changes the length. */
  readonly headers?: Headers;
  /** What the body is sent through. */
  readonly through?: Transform;
}
