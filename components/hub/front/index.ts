export { Forwarder, type ForwarderOptions, type ForwardEvents, type Outcome } from './forwarder.ts';
export { Front, type FrontCredentials, type FrontEvents, type FrontOptions } from './front.ts';
export type { AnswerTap, ForwardHooks, ForwardPlan } from './hooks.ts';
export { bearerToken, nameOf, type Identity, type TokenClaims } from './identity.ts';
export { defaultLimits, type FrontLimits } from './limits.ts';
export { NodeAuthority, type NodeAuthorityOptions } from './node-authority.ts';
export { BodyError, type FrontHandler, type FrontRequest, type FrontResponse, type FrontUpgrade, type RequestHead } from './request.ts';
export { frontCredentials, servingFiles, type ServingPair } from './serving-files.ts';
export { answerStatus, type StatusDetails } from './status.ts';
