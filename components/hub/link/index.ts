export type { LinkAnswer } from './answer.ts';
export { LinkCredentials, type LinkCredentialsOptions, type Via } from './credentials.ts';
export { LinkError, type LinkErrorCode } from './link-error.ts';
export type { LinkListener, LinkState } from './link-state.ts';
export { Link, type LinkEvents, type LinkOptions, type UpstreamRequest } from './link.ts';
export { defaultTimings, type LinkTimings } from './timings.ts';
export type { UpgradeAnswer } from './upgrade.ts';
