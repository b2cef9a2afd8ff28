import { createHash } from 'node:crypto';
import type { CacheStore, TokenKey } from '../cache/index.ts';
import { jsonCodec, protobufCodec, type KubeRequest } from '../wire/index.ts';
import { bytesOf } from '../wire/protobuf/fields.ts';
import { unwrap } from '../wire/protobuf/messages.ts';

/** A TokenRequest that is longer is not kept. */
export const maxTokenRequestBytes = 64 * 1024;

export interface TokenExchange {
  /** Who asked: the node. */
  readonly identity: string;
  readonly kube: Pick<KubeRequest, 'path' | 'namespace' | 'name'>;
  /** The TokenRequest as it came: which Pod, audiences and time it is about. */
  readonly asked: Buffer;
}

/** A Go type of another API may have a subresource of that name too. */
export const isTokenRequest = ({ apiGroup, resource, subresource, verb }: KubeRequest): boolean => apiGroup === '' && resource === 'serviceaccounts' && subresource === 'token' && verb === 'create';

/**
 * What tells one token of a ServiceAccount from another is what was asked for, byte by byte: a kubelet asks for a Pod's token in
 * the same words after a restart.
 */
export const tokenKey = ({ identity, kube, asked }: TokenExchange): TokenKey => ({ identity, path: kube.path, audiences: [], boundUid: createHash('sha256').update(asked).digest('hex') });

/**
 * Keeps the answer to a TokenRequest for as long as the token is good, and knows its bearer from then on: the API server has made it.
 *
 * @throws Error for an answer without a token of that ServiceAccount that says when it ends
 */
export async function rememberToken(store: CacheStore, { answer, contentType, ...exchange }: TokenExchange & { readonly answer: Buffer; readonly contentType: string }): Promise<void> {
  const { namespace, name } = exchange.kube;
  const token = tokenIn(answer, contentType);
  const { sub, exp } = JSON.parse(Buffer.from(token?.split('.')[1] ?? '', 'base64url').toString() || '{}') as { sub?: unknown; exp?: unknown };
  if (token === undefined || sub !== `system:serviceaccount:${namespace}:${name}` || typeof exp !== 'number') throw new Error('the answer has no token of this ServiceAccount that says when it ends');
  store.accepted.add(token, sub, exp * 1000);
  await store.tokens.put(tokenKey(exchange), { body: answer, contentType, expiresAt: exp * 1000 });
}

/** `status.token`, and nothing else of what is there: the rest is in the words of whoever asked. In protobuf status is field 3 of a TokenRequest, and token its field 1 (authentication/v1). */
function tokenIn(answer: Buffer, contentType: string): string | undefined {
  const type = contentType.split(';')[0]!.trim();
  if (type === jsonCodec.contentType) {
    const { status } = JSON.parse(answer.toString()) as { status?: { token?: unknown } };
    return typeof status?.token === 'string' ? status.token : undefined;
  }
  if (type !== protobufCodec.contentType) return undefined;
  const status = bytesOf(unwrap(answer).raw, 3);
  return status && bytesOf(status, 1)?.toString();
}
