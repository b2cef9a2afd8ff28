import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { StringDecoder } from 'node:string_decoder';
import { isDeepStrictEqual } from 'node:util';
import { EdgeproofError } from '../../core/errors.ts';
import type { KubeAccess } from './in-cluster.ts';
import { kubeRequest } from './request.ts';

export interface KubeItem {
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly resourceVersion?: string; readonly labels?: Readonly<Record<string, string>>; readonly uid?: string };
}

export interface ListWatchOptions<T extends KubeItem> {
  readonly access: KubeAccess;
  /** Of the collection, with a query if need be: `/api/v1/nodes`. */
  readonly path: string;
  /** In which form items are asked for. Default: JSON, whole. */
  readonly accept?: string;
  /** What is kept of an item: a Node is 15 KB, most of it names of images. A change of anything else is not told. Default: all. */
  readonly keep?: (item: T) => T;
  /** Everything that there is, after each list and each change. Items are keyed by namespace and name. */
  readonly changed: (items: ReadonlyMap<string, T>) => void;
  /** A list or a watch failed; it is tried again. */
  readonly failed?: (error: unknown) => void;
  readonly signal: AbortSignal;
}

/** The server ends a watch after this many seconds; so a watch that went silent for longer is dead, not idle. */
const watchSeconds = 120;
const listTimeoutMs = 15_000;
/** A watch that ended sooner did not work: asked again at once, it would keep two programs busy. Milliseconds. */
const shortWatchMs = 1000;

interface WatchEvent<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: T;
}

const keyOf = ({ metadata }: KubeItem): string => `${metadata.namespace ?? ''}/${metadata.name}`;

/**
 * Keeps a copy of a collection of the Kubernetes API current: a list, then watches from there, a new list when what a
 * watch would start from is gone (410). What was seen last stays while the API server is away. Returns when aborted.
 */
export async function listWatch<T extends KubeItem>(options: ListWatchOptions<T>): Promise<void> {
  const { signal } = options;
  let failures = 0;
  while (!signal.aborted) {
    const startedAt = performance.now();
    try {
      await listAndWatch(options);
    } catch (error) {
      if (signal.aborted) return;
      options.failed?.(error);
      if (performance.now() - startedAt > goodAfterMs) failures = 0;
      // Full jitter up to 5 s: servers that lost the API server together do not come back together.
      failures += 1;
      await sleep(Math.random() * Math.min(5000, 250 * 2 ** failures), undefined, { signal }).catch(() => {});
    }
  }
}

/** What held this long had worked. Milliseconds. */
const goodAfterMs = 10_000;

/** Only ever ends by throwing. */
async function listAndWatch<T extends KubeItem>(options: ListWatchOptions<T>): Promise<never> {
  const { items, resourceVersion } = await list(options);
  options.changed(items);
  let from = resourceVersion;
  for (;;) {
    const startedAt = performance.now();
    const last = await watch(options, items, from);
    if (last === from && performance.now() - startedAt < shortWatchMs) throw new EdgeproofError('WATCH_ENDED', `WATCH ${options.path}: ended at once, without an event`);
    from = last;
  }
}

async function list<T extends KubeItem>(options: ListWatchOptions<T>): Promise<{ items: Map<string, T>; resourceVersion: string }> {
  const response = await send(options, '', AbortSignal.any([options.signal, AbortSignal.timeout(listTimeoutMs)]));
  const body = JSON.parse(await text(response)) as { metadata: { resourceVersion: string }; items: T[] };
  return { items: new Map(body.items.map((item) => [keyOf(item), kept(options, item)])), resourceVersion: body.metadata.resourceVersion };
}

/** @returns where the next watch starts @throws EdgeproofError when the collection must be listed anew */
async function watch<T extends KubeItem>(options: ListWatchOptions<T>, items: Map<string, T>, from: string): Promise<string> {
  let resourceVersion = from;
  const query = `watch=1&allowWatchBookmarks=true&timeoutSeconds=${watchSeconds}&resourceVersion=${from}`;
  const response = await send(options, query, AbortSignal.any([options.signal, AbortSignal.timeout((watchSeconds + 30) * 1000)]));
  for await (const { type, object } of events<T>(response)) {
    if (type === 'ERROR') throw new EdgeproofError('WATCH_FAILED', `WATCH ${options.path}: ${(object as { message?: string }).message ?? 'no reason was given'}`);
    resourceVersion = object.metadata.resourceVersion ?? resourceVersion;
    if (type === 'BOOKMARK') continue;
    const key = keyOf(object);
    const before = items.get(key);
    if (type === 'DELETED') items.delete(key);
    else items.set(key, kept(options, object));
    if (type === 'DELETED' || options.keep === undefined || !isDeepStrictEqual(before, items.get(key))) options.changed(items);
  }
  return resourceVersion;
}

const kept = <T extends KubeItem>({ keep }: ListWatchOptions<T>, item: T): T => keep?.(item) ?? item;

async function* events<T>(response: IncomingMessage): AsyncGenerator<WatchEvent<T>> {
  const decoder = new StringDecoder('utf8');
  let partial = '';
  for await (const chunk of response as AsyncIterable<Buffer>) {
    const lines = (partial + decoder.write(chunk)).split('\n');
    partial = lines.pop() ?? '';
    for (const line of lines) if (line !== '') yield JSON.parse(line) as WatchEvent<T>;
  }
}

async function send<T extends KubeItem>({ access, path, accept }: ListWatchOptions<T>, query: string, signal: AbortSignal): Promise<IncomingMessage> {
  const separator = path.includes('?') ? '&' : '?';
  return await kubeRequest(access, { path: query === '' ? path : `${path}${separator}${query}`, ...(accept !== undefined && { accept }), signal });
}
