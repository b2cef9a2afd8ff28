import { EdgeproofError } from '../../../core/errors.ts';
import type { ReasonCode } from './frame.ts';

/** The peer sent what the protocol does not allow: the session ends, other sessions do not notice. */
export class ProtocolError extends EdgeproofError {
  constructor(message: string) {
    super('PROTOCOL', message);
  }
}

/** A stream that ended otherwise than by both its ends saying so. `code` is the reason on the wire. */
export class StreamError extends EdgeproofError {
  declare readonly code: ReasonCode;
  /** Which side ended it: this one, the peer, or the link between them. */
  readonly by: 'here' | 'peer' | 'link';

  constructor(code: ReasonCode, message: string, by: StreamError['by'], cause?: unknown) {
    super(code, message, { cause });
    this.by = by;
  }
}

/** A session that takes no new streams: it has ended, or is being drained. */
export class SessionUnavailableError extends EdgeproofError {
  declare readonly code: ReasonCode;

  constructor(code: ReasonCode, message: string) {
    super(code, message);
  }
}
