import { createHash } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import * as z from 'zod';
import { nodeNameOf } from '../../tunnel/common/node-name.ts';
import { all, first, type Headers } from '../common/headers.ts';

/** What a ServiceAccount's token says of itself. Nobody has verified it: only the API server can. Of other tokens nothing is known: what their `sub` is to the API server is a matter of its configuration. */
export interface TokenClaims {
  /** `system:serviceaccount:NAMESPACE:NAME`. */
  readonly subject: string;
  /** Of the Pod that the token is bound to. */
  readonly podUid?: string;
  readonly expires?: Date;
}

/**
 * Who a client is.
 * - `node`: a verified certificate of this very node
 * - `certificate`: a verified certificate of somebody else, whom nothing can be forwarded for: the key is not here
 * - `token`: a bearer token, by the SHA-256 of its bytes (hexadecimal); whether it is good the API server says
 * - `anonymous`: neither
 */
export type Identity =
  | { readonly kind: 'node'; readonly user: string; readonly groups: readonly string[] }
  | { readonly kind: 'certificate'; readonly user: string; readonly groups: readonly string[] }
  | { readonly kind: 'token'; readonly tokenHash: string; readonly claims?: TokenClaims }
  | { readonly kind: 'anonymous' };

export type CertificateIdentity = Extract<Identity, { kind: 'node' | 'certificate' }>;

/** What a connection showed. It counts until the certificate's end, however long the connection lives: so it is with the API server. */
export interface ShownCertificate {
  readonly identity: CertificateIdentity;
  readonly until: Date;
}

/**
 * The identity of a request. As in the API server, a certificate counts before a token (its authenticators are asked in this order).
 *
 * @param certificate of the connection, as `certificateOf` found it
 * @param upgrades whether another protocol is asked for: only then does the API server look for a token there
 */
export function identify(headers: Headers, certificate: ShownCertificate | undefined, upgrades = false): Identity {
  if (certificate !== undefined && certificate.until.getTime() > Date.now()) return certificate.identity;
  const token = bearerToken(headers) ?? (upgrades ? webSocketToken(headers) : undefined);
  if (token === undefined) return { kind: 'anonymous' };
  const claims = claimsOf(token);
  return { kind: 'token', tokenHash: createHash('sha256').update(token).digest('hex'), ...(claims && { claims }) };
}

/** @returns undefined when there is no certificate, or none that the cluster has signed for a client */
export function certificateOf(socket: TLSSocket, nodeName: string): ShownCertificate | undefined {
  if (!socket.authorized) return undefined;
  const certificate = socket.getPeerCertificate();
  const until = socket.getPeerX509Certificate()?.validToDate;
  if (until === undefined) return undefined;
  const { CN, O } = (certificate.subject ?? {}) as { CN?: string | string[]; O?: string | string[] };
  const kind = nodeNameOf(certificate) === nodeName ? 'node' : 'certificate';
  return { identity: { kind, user: typeof CN === 'string' ? CN : '', groups: [O ?? []].flat() }, until };
}

/** For logs and metrics: never the token. */
export function nameOf(identity: Identity): string {
  if (identity.kind === 'anonymous') return 'anonymous';
  if (identity.kind === 'token') return identity.claims?.subject ?? `token ${identity.tokenHash.slice(0, 8)}`;
  return identity.user;
}

/**
 * The token that a request comes with. It must go into no log. Only as everybody writes it, with one space: of `Bearer  TOKEN` the API server reads an
 * empty token, and answers nobody (bearertoken.go of apiserver/pkg/authentication); who is somebody here must be the same there.
 */
export function bearerToken(headers: Headers): string | undefined {
  return /^bearer ([\x21-\x7e]+) *$/i.exec(first(headers, 'authorization') ?? '')?.[1];
}

/** A client that is a browser cannot set headers on a WebSocket: Kubernetes takes the token as one of its protocols. */
const protocolPrefix = 'base64url.bearer.authorization.k8s.io.';

function webSocketToken(headers: Headers): string | undefined {
  const protocols = all(headers, 'sec-websocket-protocol').flatMap((value) => value.split(',')).map((name) => name.trim());
  const encoded = protocols.find((name) => name.startsWith(protocolPrefix))?.slice(protocolPrefix.length);
  return encoded === undefined || encoded === '' ? undefined : Buffer.from(encoded, 'base64url').toString();
}

const claims = z.object({
  sub: z.string().regex(/^system:serviceaccount:[^:]+:[^:]+$/),
  exp: z.number().positive().max(8.64e12).optional(),
  'kubernetes.io': z.object({ pod: z.object({ uid: z.string().min(1) }).optional() }).optional(),
});

function claimsOf(token: string): TokenClaims | undefined {
  const parts = token.split('.');
  if (parts.length !== 3) return undefined;
  try {
    const { sub, exp, 'kubernetes.io': bound } = claims.parse(JSON.parse(Buffer.from(parts[1]!, 'base64url').toString()));
    return { subject: sub, ...(bound?.pod && { podUid: bound.pod.uid }), ...(exp !== undefined && { expires: new Date(exp * 1000) }) };
  } catch {
    return undefined;
  }
}
