import type { CacheStore, CollectionKey, ObjectKey } from '../cache/index.ts';
import { first, type Headers } from '../common/headers.ts';
import { bearerToken, type AnswerTap, type ForwardPlan, type FrontRequest } from '../front/index.ts';
import type { LinkError } from '../link/index.ts';
import type { OpenWatches } from '../offline/open-watches.ts';
import type { Shown } from '../shown/objects.ts';
import { rewriteFor, type Rewrite } from '../shown/shown.ts';
import { jsonCodec, protobufCodec, representationOfAnswer, representationsOf, type Codec, type KubeRequest, type Representation } from '../wire/index.ts';
import { parseAccept } from '../wire/accept.ts';
import { withoutBookmarks } from './bookmarks.ts';
import { ListAgain, TooOld } from './list-again.ts';
import { ListRecord } from './list-record.ts';
import { Pages } from './pages.ts';
import { forgetDeleted, forgetRefused } from './refused.ts';
import { listRewriting, objectRewriting, WatchRewriting, WholeBody } from './rewriting.ts';
import { kubeRequestOf, subjectOf } from './subject.ts';
import { guard, listGuard, listTap, objectTap, watchGuard, watchTap } from './taps.ts';
import { supersedeEvents } from './told-events.ts';
import { isTokenRequest, maxTokenRequestBytes, rememberToken } from './tokens.ts';
import { WatchRecord } from './watch-record.ts';

export interface RecorderOptions {
  readonly store: CacheStore;
  readonly openWatches: OpenWatches;
  /** The node's: what it has said of an Event counts before what is kept of it from before. */
  readonly ownIdentity: string;
  readonly shown?: Shown;
  /** An answer could not be kept. */
  readonly troubled?: (request: KubeRequest, reason: unknown) => void;
}

/** Keeps what identities are given, as it passes; and lets this node see what it is to see. */
export class Recorder implements Disposable {
  readonly #options: RecorderOptions;
  readonly #pages: Pages;
  readonly #listAgain = new ListAgain();

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#pages = new Pages(options.store);
  }

  plan(request: FrontRequest): ForwardPlan | undefined {
    const subject = subjectOf(request);
    const kube = kubeRequestOf(request);
    if (subject === undefined || kube === undefined || !kube.isResource || request.method === 'HEAD') return undefined;
    const { shown } = this.#options;
    const rewrite = shown && rewriteFor(kube, subject, shown);
    const accept = narrowed(kube, rewrite !== undefined ? rewritable : subject === this.#options.ownIdentity && isNode(kube) ? [jsonCodec] : []);
    const path = withoutBookmarks(request.path, kube);
    return {
      ...(path !== undefined && { path }),
      // Nothing is decoded on the way: what comes is what is stored and what the client gets.
      headers: { 'accept-encoding': undefined, ...(accept !== undefined && { accept }) },
      packed: kube.verb === 'watch' && kube.options.sendInitialEvents === true && isNode(kube),
      answer: (status, headers) => this.#tap({ request, kube: accept === undefined ? kube : { ...kube, accept: parseAccept(accept) }, subject, rewrite, status, headers }),
    };
  }

  [Symbol.dispose](): void {
    this.#pages[Symbol.dispose]();
  }

  #tap(exchange: Exchange): AnswerTap | undefined {
    const { kube, subject, status, headers } = exchange;
    const { store } = this.#options;
    this.#learn(exchange);
    forgetRefused(store, exchange);
    // What would have happened has not.
    if (status < 200 || status > 299 || kube.query.has('dryRun')) return undefined;
    const troubled = (reason: unknown): void => this.#options.troubled?.(kube, reason);
    if (isTokenRequest(kube)) return status === 201 ? this.#tokenTap(exchange, troubled) : undefined;
    const representation = representationOfAnswer(first(headers, 'content-type'), kube.accept);
    if (subject === this.#options.ownIdentity) supersedeEvents(store.events, exchange);
    forgetDeleted(store, exchange);
    if (representation === undefined) return undefined;
    const { mediaType } = representation;
    const collection: CollectionKey = { identity: subject, path: kube.path, fieldSelector: kube.fieldSelector, labelSelector: kube.labelSelector, mediaType };
    const object: ObjectKey = { identity: subject, path: pathOfObject(kube), mediaType };
    // Of what is metadata alone nothing is shown differently.
    const shown = mediaType === representation.codec.contentType ? exchange : { ...exchange, rewrite: undefined };
    if (kube.verb === 'list') return this.#listTap(shown, collection, representation, troubled);
    if (kube.verb === 'watch') return this.#watchTap(shown, collection, representation, troubled);
    return isWhole(kube) ? this.#objectTap(shown, object, representation, troubled) : undefined;
  }

  /**
   * Whose a token is, the API server says by doing what it asks. Anything else is no proof: a deadline that is none, too many requests, a
   * preflight are answered before anybody has looked at the token (DefaultBuildHandlerChain of apiserver/pkg/server).
   */
  #learn({ request: { identity, headers }, kube, status }: Exchange): void {
    if (identity.kind !== 'token') return;
    const token = bearerToken(headers);
    if (token === undefined) return;
    if (status === 401) this.#options.store.accepted.delete(token);
    else if (status >= 200 && status <= 299 && kube.verb !== '' && identity.claims?.expires !== undefined) this.#options.store.accepted.add(token, identity.claims.subject, identity.claims.expires.getTime());
  }

  /** A Pod that has a token must have it after a power cut too: the client waits for the disk. */
  #tokenTap({ request, kube, subject, headers }: Exchange, troubled: (reason: unknown) => void): AnswerTap {
    const { store } = this.#options;
    return {
      through: new WholeBody(async (answer) => {
        try {
          const asked = await request.readBody(maxTokenRequestBytes);
          await rememberToken(store, { identity: subject, kube, asked, answer, contentType: first(headers, 'content-type') ?? '' });
        } catch (reason) {
          troubled(reason);
        }
        return answer;
      }),
    };
  }

  #listTap({ kube, rewrite, headers }: Exchange, key: CollectionKey, representation: Representation, troubled: (reason: unknown) => void): AnswerTap {
    const record = new ListRecord(this.#pages, key, representation, kube);
    const broken = (): boolean => {
      record.abort();
      return false;
    };
    if (rewrite === undefined) return { ...listTap(record, representation, troubled), broken };
    const guarded = listGuard(record, troubled);
    return {
      headers: withoutLength(headers),
      through: listRewriting(representation.codec, rewrite, (head, objects) => guarded(() => {
        record.put(objects);
        record.end(head);
      })),
      broken,
    };
  }

  #watchTap({ kube, rewrite, headers }: Exchange, key: CollectionKey, representation: Representation, troubled: (reason: unknown) => void): AnswerTap {
    const { store, openWatches } = this.#options;
    const record = new WatchRecord(store, key, representation, kube);
    const { resourceVersion } = kube.options;
    // Who takes no bookmarks is none that lives long: client-go's reflectors do.
    if (record.isAhead && kube.options.allowWatchBookmarks && this.#listAgain.isDue(JSON.stringify(key))) return { headers: withoutLength(headers), through: new TooOld(representation.codec, resourceVersion) };
    const guarded = watchGuard(record, troubled);
    const through = rewrite && new WatchRewriting(representation.codec, rewrite, (frame) => guarded(() => record.record(frame)));
    // A client that has not all objects yet, or not all that was recorded, must ask anew; the others need not know that the cloud is gone.
    const broken = (error: LinkError, rest: Parameters<NonNullable<AnswerTap['broken']>>[1]): boolean => {
      record[Symbol.dispose]();
      if (!error.isOfTheLink || !record.clientHasAll || through?.isHolding === true || store.read(key) === undefined) return false;
      openWatches.keep(rest, { key, bookmarks: kube.options.allowWatchBookmarks });
      return true;
    };
    const ends = { whole: () => record[Symbol.dispose](), broken };
    return through === undefined ? { ...watchTap(record, representation, troubled), ...ends } : { headers: withoutLength(headers), through, ...ends };
  }

  #objectTap({ rewrite, headers }: Exchange, key: ObjectKey, representation: Representation, troubled: (reason: unknown) => void): AnswerTap {
    const { store } = this.#options;
    if (rewrite === undefined) return objectTap(store, key, representation, troubled);
    return { headers: withoutLength(headers), through: objectRewriting(representation.codec, rewrite, (type, object) => guard(troubled)(() => store.putObject(key, type, object))) };
  }
}

interface Exchange {
  readonly request: FrontRequest;
  readonly kube: KubeRequest;
  readonly subject: string;
  readonly rewrite: Rewrite | undefined;
  readonly status: number;
  readonly headers: Headers;
}

/** What can be rewritten: whole objects in an encoding that is known. */
const rewritable: readonly Codec[] = [protobufCodec, jsonCodec];

/**
 * What the kubelet's status patches are applied to must be in JSON: they are. And a watch of them is worth packing where the API server does that, in watches that bring the objects
 * first (`WatchListCompression` of Kubernetes 1.37): 6 KB become 2, again and again. In all others nothing comes at rest but bookmarks, which packing makes longer.
 */
const isNode = ({ apiGroup, resource }: KubeRequest): boolean => apiGroup === '' && resource === 'nodes';

/** One whole object, not its log, its scale or a connection to it. */
const isWhole = ({ verb, name, subresource }: KubeRequest): boolean => (verb === 'get' && name !== '' && subresource === '') || (['create', 'update', 'patch'].includes(verb) && (subresource === '' || subresource === 'status') && name !== '');

/** A write of an object's status answers with the object. */
const pathOfObject = ({ path, subresource }: KubeRequest): string => (subresource === 'status' ? path.replace(/\/status$/, '') : path);

/** Of what a client takes, in the order of its preference, only whole objects in these encodings; undefined when it takes none of them. */
function narrowed({ accept, verb }: KubeRequest, codecs: readonly Codec[]): string | undefined {
  const taken = representationsOf(accept).filter(({ mediaType, codec }) => mediaType === codec.contentType && codecs.includes(codec));
  if (taken.length === 0) return undefined;
  const types = taken.flatMap(({ codec }) => (verb === 'watch' ? [codec.watchContentType, codec.contentType] : [codec.contentType]));
  return [...new Set(types)].join(', ');
}

function withoutLength(headers: Headers): Headers {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name !== 'content-length'));
}
