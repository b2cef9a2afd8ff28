import { createHash } from 'node:crypto';
import type { CacheStore, TokenKey } from '../cache/index.ts';

/** A JWT in an answer of whatever encoding: it is printable, and nothing else in a TokenRequest looks like it. */
const jwt = /eyJ[\w-]+\.(eyJ[\w-]+)\.[\w-]+/;

export interface TokenExchange {
  /** Who asked: the node. */
  readonly identity: string;
  readonly path: string;
  /** The TokenRequest as it came: which Pod, audiences and time it is about. */
  readonly asked: Buffer;
}

/**
 * What tells one token of a ServiceAccount from another is what was asked for, byte by byte: a kubelet asks for a Pod's token in
 * the same words after a restart.
 */
export const tokenKey = ({ identity, path, asked }: TokenExchange): TokenKey => ({ identity, path, audiences: [], boundUid: createHash('sha256').update(asked).digest('hex') });

/**
 * Keeps the answer to a TokenRequest for as long as the token is good, and knows its bearer from then on: the API server has made it.
 *
 * @throws Error for an answer without a token that says when it ends
 */
export async function rememberToken(store: CacheStore, { answer, contentType, ...exchange }: TokenExchange & { readonly answer: Buffer; readonly contentType: string }): Promise<void> {
  const [token, payload] = jwt.exec(answer.toString('latin1')) ?? [];
  if (token === undefined || payload === undefined) throw new Error('there is no token in the answer');
  const { sub, exp } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { sub?: unknown; exp?: unknown };
  if (typeof sub !== 'string' || typeof exp !== 'number') throw new Error('the token does not say whose it is and when it ends');
  store.accepted.add(token, sub, exp * 1000);
  await store.tokens.put(tokenKey(exchange), { body: answer, contentType, expiresAt: exp * 1000 });
}
