import type { CacheStore } from '../cache/index.ts';
import type { FrontRequest } from '../front/index.ts';
import { representationsOf, type KubeRequest } from '../wire/index.ts';
import { isTokenRequest, maxTokenRequestBytes, tokenKey } from './tokens.ts';

export interface Refused {
  readonly request: FrontRequest;
  readonly kube: KubeRequest;
  readonly subject: string;
  readonly status: number;
}

const partial = { as: 'PartialObjectMetadata', g: 'meta.k8s.io', v: 'v1' };
const everyMediaType = [{}, partial].flatMap((parameters) => representationsOf([{ type: '*/*', quality: 1, parameters }])).map(({ mediaType }) => mediaType);

/** What was deleted is gone in every form: who deletes may take another one than it was given. */
export function forgetDeleted(store: CacheStore, { kube: { verb, subresource, path }, subject }: Pick<Refused, 'kube' | 'subject'>): void {
  if (verb !== 'delete' || subresource !== '') return;
  for (const mediaType of everyMediaType) store.deleteObject({ identity: subject, path, mediaType });
}

/**
 * What the API server no longer gives an identity (403), or says is not there (404), is not given to it here either. Of a token also 409: its Pod is another one
 * now. Not 401: it speaks of the credential, and the identity may have a better one.
 */
export function forgetRefused(store: CacheStore, { request, kube, subject, status }: Refused): void {
  const { verb, path, fieldSelector, labelSelector } = kube;
  if (isTokenRequest(kube) && (status === 403 || status === 404 || status === 409)) {
    // The body was sent on, so it is there; one that is not is no TokenRequest whose answer was kept.
    request.readBody(maxTokenRequestBytes).then((asked) => store.tokens.delete(tokenKey({ identity: subject, kube, asked })), () => {});
  }
  if (status !== 403 && status !== 404) return;
  for (const mediaType of everyMediaType) {
    if (verb === 'list' || verb === 'watch') store.drop({ identity: subject, path, fieldSelector, labelSelector, mediaType });
    if (verb === 'get' && kube.subresource === '') store.deleteObject({ identity: subject, path, mediaType });
  }
}
