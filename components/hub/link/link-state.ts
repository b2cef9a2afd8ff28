/**
 * - `unknown`: since the start there was no verdict yet; requests wait for it, for a second
 * - `connected`: the API server has answered, and nothing speaks against it since
 * - `cutOff`: it has not; `reason` is a sentence
 */
export type LinkState =
  | { readonly kind: 'unknown'; readonly since: Date }
  | { readonly kind: 'connected'; readonly since: Date }
  | { readonly kind: 'cutOff'; readonly since: Date; readonly reason: string };

export type LinkListener = (state: LinkState, before: LinkState) => void;
