import type { IncomingHttpHeaders } from 'node:http';
import type { Identity, RequestHead } from '../front/index.ts';
import { BadRequestError, parseRequest, type KubeRequest } from '../wire/index.ts';

/** What a request asks of the API; undefined for what is no request to an API server, which will say so. */
export function kubeRequestOf({ method, path, headers }: Pick<RequestHead, 'method' | 'path' | 'headers'>): KubeRequest | undefined {
  try {
    return parseRequest(method, path, headers as IncomingHttpHeaders);
  } catch (error) {
    if (error instanceof BadRequestError) return undefined;
    throw error;
  }
}

/**
 * Under whose name what a client is given is kept; undefined for whom nothing is kept: nobody in particular, or somebody in
 * another's name, whose answer is not its own. A token says of itself whose it is; that is true once the API server has
 * answered it.
 */
export function subjectOf({ identity, impersonates }: Pick<RequestHead, 'identity' | 'impersonates'>): string | undefined {
  if (impersonates) return undefined;
  if (identity.kind === 'node') return identity.user;
  return identity.kind === 'token' ? (identity.claims?.subject ?? tokenSubject(identity)) : undefined;
}

const tokenSubject = ({ tokenHash }: Extract<Identity, { kind: 'token' }>): string => `token:${tokenHash}`;
