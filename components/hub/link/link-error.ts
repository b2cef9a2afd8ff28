import { EdgeproofError } from '../../../core/errors.ts';

/**
 * - `CUT_OFF`: the link was known to be cut off, so nothing was tried
 * - `UNREACHABLE`: no session could be opened
 * - `BROKEN`: the session was lost, or its link fell silent, with the request under way
 * - `NOT_THE_API_SERVER`: something on the way answered in its place (a load balancer without a backend)
 * - `RESET`: the API server itself broke this one exchange off; the link is as good as it was
 * - `REFUSED`: the API server did not take the request up; it may be sent again
 * - `BUSY`: as many sessions as may be are full
 * - `NO_NODE_CERTIFICATE`: there is no certificate of this node (yet)
 * - `CLIENT_GONE`: whoever asked has gone
 */
export type LinkErrorCode = 'CUT_OFF' | 'UNREACHABLE' | 'BROKEN' | 'NOT_THE_API_SERVER' | 'RESET' | 'REFUSED' | 'BUSY' | 'NO_NODE_CERTIFICATE' | 'CLIENT_GONE';

/** A request got no answer from the API server, or not the whole of it. */
export class LinkError extends EdgeproofError {
  declare readonly code: LinkErrorCode;
  /** Whether the API server may have had the request: of a write nobody knows then whether it was carried out. */
  readonly mayHaveBeenSeen: boolean;

  constructor(code: LinkErrorCode, message: string, options: { readonly mayHaveBeenSeen: boolean; readonly cause?: unknown }) {
    super(code, message, { cause: options.cause });
    this.mayHaveBeenSeen = options.mayHaveBeenSeen;
  }

  /** Whether it is the link that failed, and not the API server, the client or this process. */
  get isOfTheLink(): boolean {
    return this.code === 'CUT_OFF' || this.code === 'UNREACHABLE' || this.code === 'BROKEN' || this.code === 'NOT_THE_API_SERVER';
  }
}

/** Nothing of it has left this node. */
export const notSent = (code: LinkErrorCode, message: string, cause?: unknown): LinkError => new LinkError(code, message, { mayHaveBeenSeen: false, cause });

export const clientGone = (): LinkError => notSent('CLIENT_GONE', 'whoever asked has gone');

/** Errors of Node say in their code what their message repeats at length. */
export const reasonOf = (error: unknown): string => (error instanceof EdgeproofError ? error.message : ((error as NodeJS.ErrnoException | undefined)?.code ?? (error instanceof Error ? error.message : String(error))));
