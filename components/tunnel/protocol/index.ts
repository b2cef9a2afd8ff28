export { CreditBudget } from './budget.ts';
export { defaultSessionConfig, type SessionConfig } from './config.ts';
export { ProtocolError, SessionUnavailableError, StreamError } from './errors.ts';
export { alpnProtocol, type ReasonCode } from './frame.ts';
export { relay } from './relay.ts';
export { Session, type SessionEnd, type SessionHandler, type SessionOptions } from './session.ts';
export { cut, Splice, type SpliceOptions } from './splice.ts';
export type { StreamHandler, TunnelStream } from './stream.ts';
