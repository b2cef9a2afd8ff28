import type { Writable } from 'node:stream';
import { isLater, type CacheStore, type CachedCollection, type CollectionKey } from '../cache/index.ts';
import { answerStatus, type FrontResponse } from '../front/index.ts';
import { compareResourceVersions, representationsOf, type Codec, type KubeRequest, type Representation } from '../wire/index.ts';
import type { OpenWatches } from './open-watches.ts';
import { nodePath, nodesPath } from './paths.ts';
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
  if (wantsOther(reading.kube.options, found.resourceVersion, verb === 'watch')) {
    const { resourceVersion } = found;
    answerStatus(reading.response, { code: 503, reason: 'ServiceUnavailable', message: `what is cached of ${reading.kube.path} is of resource version ${resourceVersion}, and ${reading.kube.options.resourceVersion} was asked for` });
    return true;
  }
  if (verb === 'list') answerList(reading, found);
  else answerWatch(reading, found);
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
  const latest = latestOf(kube, ({ mediaType, codec }) => {
    const found = store.find({ identity: subject, path: kube.path, mediaType, namespace: kube.namespace, name: kube.name, collections: kube.collections });
    return found.found === 'unknown' ? undefined : { ...found, codec, resourceVersion: found.found === 'object' ? found.object.resourceVersion : found.resourceVersion };
  });
  if (latest === undefined) return false;
  if (latest.found === 'object') whole(response, 200, latest.codec.contentType, latest.codec.writeObject(latest.type, latest.object.raw));
  else answerStatus(response, { code: 404, reason: 'NotFound', message: `${kube.resource} "${kube.name}" not found` });
  return true;
}

type Answer = CachedCollection & { readonly codec: Codec; readonly key: CollectionKey };

const collectionFor = (reading: Reading): Answer | undefined => latestOf(reading.kube, ({ mediaType, codec }) => {
  const { store, kube, subject } = reading;
  const key: CollectionKey = { identity: subject, path: kube.path, fieldSelector: kube.fieldSelector, labelSelector: kube.labelSelector, mediaType };
  const collection = store.read(key);
  return collection && { ...collection, objects: asSaid(reading, mediaType, collection.objects), codec, key };
});

/**
 * What a node has said of itself while cut off is in no collection. In a list too it is what there is: a kubelet makes each patch of its status from what its watch of the
 * Node brought it, and leaves out what is the same there.
 */
function asSaid({ store, kube, subject }: Reading, mediaType: string, objects: CachedCollection['objects']): CachedCollection['objects'] {
  if (kube.path !== nodesPath) return objects;
  return objects.map((object) => {
    if (subject !== `system:node:${object.name}`) return object;
    const found = store.find({ identity: subject, path: nodePath(object.name), mediaType, namespace: '', name: object.name, collections: [kube.path] });
    return found.found === 'object' ? found.object : object;
  });
}

interface Kept {
  readonly resourceVersion: string;
  readonly touchedAt: number;
}

/**
 * Clients of one identity may have been given the same in several encodings, and some of those clients are gone: of those that this one takes, the
 * latest counts. Whole objects and metadata are not weighed against each other: what a client asks for first, if it is there.
 */
function latestOf<T extends Kept>({ accept }: KubeRequest, kept: (representation: Representation) => T | undefined): T | undefined {
  let latest: { readonly what: T; readonly form: string } | undefined;
  for (const representation of representationsOf(accept)) {
    const form = representation.mediaType.slice(representation.codec.contentType.length);
    const what = latest === undefined || latest.form === form ? kept(representation) : undefined;
    if (what !== undefined && (latest === undefined || isLater(what, what.touchedAt, latest.what, latest.what.touchedAt))) latest = { what, form };
  }
  return latest?.what;
}

function answerList({ kube, response }: Reading, { codec, type, resourceVersion, objects }: Answer): void {
  if (kube.options.continue !== '') {
    return answerStatus(response, { code: 410, reason: 'Expired', message: 'the rest of this list is in the cloud, which is cut off: list again from the start' });
  }
  const to = response.start(200, { 'content-type': codec.contentType });
  pour(to, codec.writeList({ type, resourceVersion, continue: '' }, objects.map(({ raw }) => raw))).then(() => void to.end(), (error: Error) => void to.destroy(error));
}

function answerWatch({ kube, response, openWatches }: Reading, { codec, key, type, resourceVersion, objects }: Answer): void {
  const { options } = kube;
  const to = response.start(200, { 'content-type': codec.watchContentType });
  const isAny = options.resourceVersion === '' || options.resourceVersion === '0';
  if (options.sendInitialEvents !== true && !isAny && (compareResourceVersions(options.resourceVersion, resourceVersion) ?? 0) < 0) return expired(to, codec, options.resourceVersion);
  const frames = function* (): Generator<Buffer> {
    if (options.sendInitialEvents !== true && (!isAny || options.sendInitialEvents === false)) return;
    for (const { raw } of objects) yield codec.writeChange('ADDED', type, raw);
    if (options.sendInitialEvents === true) yield codec.writeBookmark(type, resourceVersion, { initialEventsEnd: true });
  };
  pour(to, frames()).then(() => openWatches.keep(to, { key, bookmarks: options.allowWatchBookmarks }), (error: Error) => void to.destroy(error));
}

/** What came between is not known any more, only what there is: the client lists again, and is given that. */
export function expired(to: Writable, codec: Codec, resourceVersion: string): void {
  to.end(codec.writeError({ code: 410, reason: 'Expired', message: `edge-hub: too old resource version: ${resourceVersion}` }));
}

export function whole(response: FrontResponse, status: number, contentType: string, body: Buffer): void {
  response.start(status, { 'content-type': contentType, 'content-length': String(body.length) }).end(body);
}
