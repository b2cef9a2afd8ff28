import { EdgeproofError } from '../../../core/errors.ts';

/**
 * Why an answer cannot be kept: it is not what its content type says (or ended too early), one object of it is larger than
 * anything Kubernetes stores, or it is of a kind of answer that is not taken apart here.
 */
export type UnreadableCode = 'MALFORMED' | 'TOO_LARGE' | 'NOT_CACHEABLE';

/** An answer that cannot be taken apart, and so is not stored. The client gets it all the same. */
export class UnreadableAnswerError extends EdgeproofError {
  declare readonly code: UnreadableCode;

  constructor(code: UnreadableCode, message: string, cause?: unknown) {
    super(code, message, { cause });
  }
}

/** A request whose URL no API server would take: 400. */
export class BadRequestError extends EdgeproofError {
  constructor(message: string, cause?: unknown) {
    super('BAD_REQUEST', message, { cause });
  }
}
