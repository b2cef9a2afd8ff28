import { SessionUnavailableError, StreamError, type ReasonCode } from '../protocol/index.ts';
import { DialError } from '../common/dial.ts';

/** What a CONNECT is answered with instead of 200. */
export class ConnectRefusal extends Error {
  readonly status: number;

  constructor(status: number, reason: string, cause?: unknown) {
    super(reason, { cause });
    this.status = status;
  }
}

/** Of a target that was not reached. */
export type ReachError = StreamError | SessionUnavailableError | DialError;

export const isReachError = (error: unknown): error is ReachError => error instanceof StreamError || error instanceof SessionUnavailableError || error instanceof DialError;

const statusOf: Partial<Record<ReasonCode, number>> = { FORBIDDEN: 403, CANCELLED: 499, TIMEOUT: 504, BUSY: 503, ABSENT: 503, DRAINING: 503, LINK_LOST: 503, REVOKED: 503 };

export const refusalOf = (error: ReachError, where = ''): ConnectRefusal => new ConnectRefusal(statusOf[error.code] ?? 502, `${where}${error.message}`, error);
