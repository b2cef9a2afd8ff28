import type { CacheStore, CollectionKey } from '../cache/index.ts';
import { first } from '../common/headers.ts';
import { answerStatus, type FrontRequest, type FrontResponse } from '../front/index.ts';
import { isTokenRequest, tokenKey } from '../online/tokens.ts';
import { jsonCodec, representationOfAnswer, UnreadableAnswerError, type Codec, type KubeRequest, type TypeMeta } from '../wire/index.ts';
import { conditionsOf, type Deferred } from './deferred.ts';
import type { OfflineEvents } from './events.ts';
import type { OpenWatches } from './open-watches.ts';
import { leasePath, nodePath, nodesPath } from './paths.ts';
import { whole } from './reads.ts';
import { nodeMergeKeys, PatchError, strategicMerge, type JsonMap } from './strategic-merge.ts';

export interface Writing {
  readonly store: CacheStore;
  readonly deferred: Deferred;
  readonly openWatches: OpenWatches;
  readonly events: OfflineEvents;
  readonly nodeName: string;
  readonly request: FrontRequest;
  readonly kube: KubeRequest;
  readonly subject: string;
}

/** A Node is 15 KB, most of it names of images. */
const maxBodyBytes = 1024 * 1024;

/**
 * Carries out here what a node must be able to do without the cloud: to register, to say how it is, to renew its lease, to get its Pods'
 * tokens again, to report what happened.
 *
 * @returns false for everything else: nothing is done then
 */
export async function answerWrite(writing: Writing): Promise<boolean> {
  const { kube, subject, nodeName } = writing;
  if (kube.query.has('dryRun')) return false;
  const of = `${kube.apiGroup}/${kube.resource}${kube.subresource === '' ? '' : `/${kube.subresource}`}`;
  if (isTokenRequest(kube)) return await token(writing);
  if (subject !== `system:node:${nodeName}`) return false;
  // What others report would need their tokens to be sent, and those are not kept.
  if (of === '/events' || of === 'events.k8s.io/events') return await writing.events.answer(writing.request, kube);
  if (of === '/nodes' && kube.verb === 'create') return registered(writing);
  // Its status only: labels and taints are the cloud's, and nobody would tell it of them.
  if (of === '/nodes/status' && kube.verb === 'patch' && kube.name === nodeName) return await nodePatch(writing);
  if (of === 'coordination.k8s.io/leases' && kube.namespace === 'kube-node-lease') return await lease(writing);
  return false;
}

async function token({ store, request, kube, subject }: Writing): Promise<boolean> {
  const kept = store.tokens.get(tokenKey({ identity: subject, kube, asked: await request.readBody(maxBodyBytes) }));
  if (kept === undefined) return false;
  whole(request.response, 201, kept.contentType, kept.body);
  return true;
}

/** A kubelet that is told so looks at what there is and goes on. */
function registered({ store, request, subject, nodeName }: Writing): boolean {
  if (nodeOf(store, subject, nodeName) === undefined) return false;
  return alreadyExists(request.response, 'nodes', nodeName);
}

function alreadyExists(response: FrontResponse, what: string, name: string): true {
  answerStatus(response, { code: 409, reason: 'AlreadyExists', message: `${what} "${name}" already exists` });
  return true;
}

async function nodePatch({ store, deferred, openWatches, request, subject, nodeName }: Writing): Promise<boolean> {
  const node = nodeOf(store, subject, nodeName);
  const type = first(request.headers, 'content-type')?.split(';')[0];
  if (node === undefined || (type !== 'application/strategic-merge-patch+json' && type !== 'application/merge-patch+json')) return false;
  let patched: JsonMap;
  try {
    const patch = JSON.parse((await request.readBody(maxBodyBytes)).toString()) as JsonMap;
    patched = strategicMerge(node, patch, type === 'application/merge-patch+json' ? {} : nodeMergeKeys);
  } catch (error) {
    if (!(error instanceof PatchError) && !(error instanceof SyntaxError)) throw error;
    answerStatus(request.response, { code: 400, reason: 'BadRequest', message: error.message });
    return true;
  }
  const body = Buffer.from(JSON.stringify({ kind: 'Node', apiVersion: 'v1', ...patched }));
  const { type: meta, object } = jsonCodec.readObject(body);
  store.putObject(nodeKey(subject, nodeName), meta, object);
  openWatches.tell(({ key, bookmarks }) => (isOfNode(key, subject, nodeName) ? [jsonCodec.writeChange('MODIFIED', meta, object.raw), ...(bookmarks ? reached(store, key, meta) : [])] : []));
  const conditions = conditionsOf(patched);
  if (conditions !== undefined) deferred.conditions(conditions, object.uid);
  whole(request.response, 200, jsonCodec.contentType, body);
  return true;
}

const isOfNode = ({ identity, path, fieldSelector, labelSelector, mediaType }: CollectionKey, subject: string, nodeName: string): boolean =>
  identity === subject && path === nodesPath && mediaType === jsonCodec.contentType && labelSelector === '' && (fieldSelector === '' || fieldSelector === `metadata.name=${nodeName}`);

/** The Node's own version is an earlier one: its client must not go back to that when the link is there again. */
const reached = (store: CacheStore, key: CollectionKey, type: TypeMeta): Buffer[] => {
  const collection = store.read(key);
  return collection === undefined ? [] : [jsonCodec.writeBookmark(type, collection.resourceVersion)];
};

/** The node as its kubelet was shown it last, in JSON: Recorder asks for nodes in no other form. */
function nodeOf(store: CacheStore, subject: string, nodeName: string): JsonMap | undefined {
  const found = store.find({ ...nodeKey(subject, nodeName), namespace: '', name: nodeName, collections: [nodesPath] });
  return found.found === 'object' ? { kind: 'Node', apiVersion: 'v1', ...(JSON.parse(found.object.raw.toString()) as JsonMap) } : undefined;
}

const nodeKey = (identity: string, nodeName: string): { identity: string; path: string; mediaType: string } => ({ identity, path: nodePath(nodeName), mediaType: jsonCodec.contentType });

async function lease({ store, deferred, request, kube, subject, nodeName }: Writing): Promise<boolean> {
  if (kube.verb !== 'update' && kube.verb !== 'create') return false;
  const contentType = first(request.headers, 'content-type');
  const body = await request.readBody(maxBodyBytes);
  const representation = representationOfAnswer(contentType, [{ type: '*/*', quality: 1, parameters: {} }]);
  if (representation === undefined) return false;
  let read: ReturnType<Codec['readObject']>;
  try {
    read = representation.codec.readObject(body);
  } catch (error) {
    if (!(error instanceof UnreadableAnswerError)) throw error;
    answerStatus(request.response, { code: 400, reason: 'BadRequest', message: `the Lease cannot be read: ${error.message}` });
    return true;
  }
  const { type, object } = read;
  if (object.name !== nodeName) return false;
  const key = { identity: subject, path: leasePath(nodeName), mediaType: representation.mediaType };
  if (kube.verb === 'create' && store.find({ ...key, namespace: kube.namespace, name: nodeName, collections: [] }).found === 'object') return alreadyExists(request.response, 'leases.coordination.k8s.io', nodeName);
  store.putObject(key, type, object);
  deferred.renewed(object.uid);
  const node = nodeOf(store, subject, nodeName);
  if (node !== undefined) deferred.unchanged(conditionsOf(node) ?? [], String((node['metadata'] as JsonMap)['uid'] ?? ''));
  whole(request.response, kube.verb === 'create' ? 201 : 200, representation.codec.contentType, body);
  return true;
}
