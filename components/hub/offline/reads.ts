import type { Writable } from 'node:stream';
import type { CacheStore, CachedCollection, CollectionKey } from '../cache/index.ts';
import { answerStatus, type FrontResponse } from '../front/index.ts';
import { compareResourceVersions, representationsOf, type Codec, type KubeRequest, type Representation } from '../wire/index.ts';
import type { OpenWatches } from './open-watches.ts';
import { pour } from './pour.ts';

export interface Reading {
  readonly store: CacheStore;
  readonly openWatches: OpenWatches;
  readonly kube: KubeRequest;
  readonly subject: string;
  readonly response: FrontResponse;
}

/**
 * Answers a get, a list or a watch with what its identity was given while the link was there.
 *
 * @returns false when nothing was recorded that could answer it: it must not be mistaken for an empty answer
 */
export function answerRead(reading: Reading): boolean {
  const { verb } = reading.kube;
  if (verb === 'get') return answerGet(reading);
  if (verb !== 'list' && verb !== 'watch') return false;
  const found = collectionFor(reading);
  if (found === undefined) return false;
  if (wantsOther(reading.kube.options, found.collection.resourceVersion, verb === 'watch')) {
    const { resourceVersion } = found.collection;
    answerStatus(reading.response, { code: 503, reason: 'ServiceUnavailable', message: `what is cached of ${reading.kube.path} is of resource version ${resourceVersion}, and ${reading.kube.options.resourceVersion} was asked for` });
    return true;
  }
  if (verb === 'list') answerList(reading, found.representation.codec, found.collection);
  else answerWatch(reading, found.representation.codec, found.collection);
  return true;
}

/** Whoever has seen something newer keeps it rather than go back; the past is not here. What a watch begins at is no such wish, unless it brings the objects first. */
function wantsOther({ resourceVersion, resourceVersionMatch, sendInitialEvents, continue: next }: KubeRequest['options'], cached: string, isWatch: boolean): boolean {
  if (resourceVersion === '' || resourceVersion === '0' || next !== '' || (isWatch && sendInitialEvents !== true)) return false;
  const order = compareResourceVersions(resourceVersion, cached);
  return resourceVersionMatch === 'Exact' ? order !== 0 : order === undefined || order > 0;
}

function answerGet({ store, kube, subject, response }: Reading): boolean {
  // A log, a scale, a connection: nothing of them is kept.
  if (kube.name === '' || kube.subresource !== '') return false;
  let absent = false;
  for (const { mediaType, codec } of representationsOf(kube.accept)) {
    const found = store.find({ identity: subject, path: kube.path, mediaType, namespace: kube.namespace, name: kube.name, collections: kube.collections });
    if (found.found === 'object') {
      whole(response, 200, codec.contentType, codec.writeObject(found.type, found.object.raw));
      return true;
    }
    absent ||= found.found === 'absent';
  }
  if (absent) answerStatus(response, { code: 404, reason: 'NotFound', message: `${kube.resource} "${kube.name}" not found` });
  return absent;
}

function collectionFor({ store, kube, subject }: Reading): { readonly representation: Representation; readonly collection: CachedCollection } | undefined {
  for (const representation of representationsOf(kube.accept)) {
    const key: CollectionKey = { identity: subject, path: kube.path, fieldSelector: kube.fieldSelector, labelSelector: kube.labelSelector, mediaType: representation.mediaType };
    const collection = store.read(key);
    if (collection !== undefined) return { representation, collection };
  }
  return undefined;
}

function answerList({ kube, response }: Reading, codec: Codec, { type, resourceVersion, objects }: CachedCollection): void {
  if (kube.options.continue !== '') {
    return answerStatus(response, { code: 410, reason: 'Expired', message: 'the rest of this list is in the cloud, which is cut off: list again from the start' });
  }
  const to = response.start(200, { 'content-type': codec.contentType });
  pour(to, codec.writeList({ type, resourceVersion, continue: '' }, objects.map(({ raw }) => raw))).then(() => void to.end(), (error: Error) => void to.destroy(error));
}

function answerWatch({ kube, response, openWatches }: Reading, codec: Codec, collection: CachedCollection): void {
  const { type, resourceVersion, objects } = collection;
  const { options } = kube;
  const to = response.start(200, { 'content-type': codec.watchContentType });
  const isAny = options.resourceVersion === '' || options.resourceVersion === '0';
  if (options.sendInitialEvents !== true && !isAny && (compareResourceVersions(options.resourceVersion, resourceVersion) ?? 0) < 0) return expired(to, codec, options.resourceVersion);
  const frames = function* (): Generator<Buffer> {
    if (options.sendInitialEvents !== true && (!isAny || options.sendInitialEvents === false)) return;
    for (const { raw } of objects) yield codec.writeChange('ADDED', type, raw);
    if (options.sendInitialEvents === true) yield codec.writeBookmark(type, resourceVersion, { initialEventsEnd: true });
  };
  pour(to, frames()).then(() => openWatches.keep(to), (error: Error) => void to.destroy(error));
}

/** What came between is not known any more, only what there is: the client lists again, and is given that. */
function expired(to: Writable, codec: Codec, resourceVersion: string): void {
  to.end(codec.writeError({ code: 410, reason: 'Expired', message: `edge-hub: too old resource version: ${resourceVersion}` }));
}

export function whole(response: FrontResponse, status: number, contentType: string, body: Buffer): void {
  response.start(status, { 'content-type': contentType, 'content-length': String(body.length) }).end(body);
}
