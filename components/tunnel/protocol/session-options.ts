import type { CreditBudget } from './budget.ts';
import type { SessionConfig } from './config.ts';
import type { ReasonCode } from './frame.ts';
import type { Session } from './session.ts';
import type { TunnelStream } from './stream.ts';

/** How a session ended. */
export interface SessionEnd {
  readonly code: ReasonCode;
  readonly reason: string;
  readonly by: 'here' | 'peer' | 'link';
}

export interface SessionHandler {
  /** The peer said who it is: the session can be used. */
  ready?(session: Session): void;
  /** The peer asks for a connection. Call `accept` or `reset` on the stream. Default: all are refused. */
  stream?(stream: TunnelStream, deadlineMs: number): void;
  /** The peer takes no new streams; those that are open go on. */
  draining?(reason: string): void;
  /** Exactly once, after the last stream was told. */
  ended(end: SessionEnd): void;
}

export interface SessionOptions {
  /** Which end of the TLS connection this is: it decides the parity of the ids of the streams that this end opens. */
  readonly side: 'tls-server' | 'tls-client';
  /** This process's name, unique for each start. */
  readonly instance: string;
  readonly handler: SessionHandler;
  readonly config?: Partial<SessionConfig>;
  /** What all sessions of this process share. Default: this session's own limit only. */
  readonly budget?: CreditBudget;
}
