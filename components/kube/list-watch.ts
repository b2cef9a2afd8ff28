import { request, type RequestOptions } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { StringDecoder } from 'node:string_decoder';
import { EdgeproofError } from '../../core/errors.ts';
import type { KubeAccess } from './in-cluster.ts';

export interface KubeItem {
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly resourceVersion?: string; readonly labels?: Readonly<Record<string, string>>; readonly uid?: string };
}

export interface ListWatchOptions<T extends KubeItem> {
  readonly access: KubeAccess;
  /** Of the collection, with a query if need be: `/api/v1/nodes`. */
  readonly path: string;
  /** Everything that there is, after each list and each change. Items are keyed by namespace and name. */
  readonly changed: (items: ReadonlyMap<string, T>) => void;
  /** A list or a watch failed; it is tried again. */
  readonly failed?: (error: unknown) => void;
  readonly signal: AbortSignal;
}

/** The server ends a watch after this many seconds; so a watch that went silent for longer is dead, not idle. */
const watchSeconds = 120;
const listTimeoutMs = 15_000;

interface WatchEvent<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: T;
}

const keyOf = ({ metadata }: KubeItem): string => `${metadata.namespace ?? ''}/${metadata.name}`;

/**
 * Keeps a copy of a collection of the Kubernetes API current: a list, then a watch from there, a new list when the watch
 * is too old (410). What was seen last stays while the API server is away. Returns when aborted.
 */
export async function listWatch<T extends KubeItem>(options: ListWatchOptions<T>): Promise<void> {
  const { signal } = options;
  let failures = 0;
  while (!signal.aborted) {
    try {
      const { items, resourceVersion } = await list(options);
      failures = 0;
      options.changed(items);
      await watchFrom(options, items, resourceVersion);
    } catch (error) {
      if (signal.aborted) return;
      options.failed?.(error);
      // Full jitter up to 5 s: servers that lost the API server together do not come back together.
      failures += 1;
      await sleep(Math.random() * Math.min(5000, 250 * 2 ** failures), undefined, { signal }).catch(() => {});
    }
  }
}

async function list<T extends KubeItem>(options: ListWatchOptions<T>): Promise<{ items: Map<string, T>; resourceVersion: string }> {
  const response = await send(options, '', AbortSignal.any([options.signal, AbortSignal.timeout(listTimeoutMs)]));
  const body = JSON.parse(await text(response)) as { metadata: { resourceVersion: string }; items: T[] };
  return { items: new Map(body.items.map((item) => [keyOf(item), item])), resourceVersion: body.metadata.resourceVersion };
}

/** Returns when the collection must be listed anew. */
async function watchFrom<T extends KubeItem>(options: ListWatchOptions<T>, items: Map<string, T>, from: string): Promise<void> {
  let resourceVersion = from;
  for (;;) {
    const query = `watch=1&allowWatchBookmarks=true&timeoutSeconds=${watchSeconds}&resourceVersion=${resourceVersion}`;
    const response = await send(options, query, AbortSignal.any([options.signal, AbortSignal.timeout((watchSeconds + 30) * 1000)]));
    for await (const event of events<T>(response)) {
      if (event.type === 'ERROR') return; // 410 Gone, or the like: what was missed is in a new list
      resourceVersion = event.object.metadata.resourceVersion ?? resourceVersion;
      if (event.type === 'BOOKMARK') continue;
      if (event.type === 'DELETED') items.delete(keyOf(event.object));
      else items.set(keyOf(event.object), event.object);
      options.changed(items);
    }
  }
}

async function* events<T>(response: IncomingMessage): AsyncGenerator<WatchEvent<T>> {
  const decoder = new StringDecoder('utf8');
  let partial = '';
  for await (const chunk of response as AsyncIterable<Buffer>) {
    const lines = (partial + decoder.write(chunk)).split('\n');
    partial = lines.pop() ?? '';
    for (const line of lines) if (line !== '') yield JSON.parse(line) as WatchEvent<T>;
  }
}

function send<T extends KubeItem>(options: ListWatchOptions<T>, query: string, signal: AbortSignal): Promise<IncomingMessage> {
  const { access, path } = options;
  return new Promise((resolve, reject) => {
    const separator = path.includes('?') ? '&' : '?';
    const tls: RequestOptions = {
      host: access.host,
      port: access.port,
      ca: access.ca(),
      path: query === '' ? path : `${path}${separator}${query}`,
      headers: { authorization: `Bearer ${access.token()}`, accept: 'application/json' },
      agent: false,
      signal,
    };
    const sent = request(tls, (response) => {
      if (response.statusCode === 200) return resolve(response);
      text(response).then((body) => reject(new EdgeproofError('KUBE_REFUSED', `GET ${path}: ${response.statusCode}: ${body.slice(0, 200)}`)), reject);
    });
    sent.once('error', (cause) => reject(new EdgeproofError('KUBE_UNREACHABLE', `GET ${path}: ${cause.message}`, { cause })));
    sent.end();
  });
}
