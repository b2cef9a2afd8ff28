import { parseAccept, type MediaRange } from './accept.ts';
import { BadRequestError } from './errors.ts';
import { flagOf, parseQuery, valueOf, type Query } from './query.ts';
import { normalFieldSelector, normalLabelSelector, parseFieldSelector } from './selectors.ts';

/** As Kubernetes' authorizer names it; '' for a method that has none; of what is no resource, the method in lower case. */
export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'deletecollection' | 'proxy' | (string & {});

/** What a list or a watch asks for besides its selectors (ListOptions of meta/v1). */
export interface ListOptions {
  /** '' and '0' are both "any", but only the first waits for the newest. */
  readonly resourceVersion: string;
  readonly resourceVersionMatch: string;
  /** Undefined when it was not sent: a list then comes without a WatchList. */
  readonly sendInitialEvents: boolean | undefined;
  readonly allowWatchBookmarks: boolean;
  /** Seconds; undefined when it was not sent or is no number. */
  readonly timeoutSeconds: number | undefined;
  /** Most items of one answer; 0 for all. */
  readonly limit: number;
  /** Of an earlier page; '' for the first. */
  readonly continue: string;
}

/** What an HTTP request asks of the Kubernetes API. All strings are '' where there is nothing. */
export interface KubeRequest {
  readonly method: string;
  /** False for `/readyz`, `/version`, `/openapi/v3`, discovery: then only `method`, `path`, `verb`, `query` and `accept` mean anything. */
  readonly isResource: boolean;
  /**
   * Without query, escapes, `/watch/` and a slash at the end: equal for requests that are of the same thing. Of a list or a watch the
   * collection, of a get the object and its subresource.
   */
  readonly path: string;
  readonly verb: Verb;
  readonly apiPrefix: string;
  readonly apiGroup: string;
  readonly apiVersion: string;
  readonly namespace: string;
  readonly resource: string;
  readonly subresource: string;
  /** Of the object; of a list or a watch, that to which `metadata.name=…` confines it. */
  readonly name: string;
  /** In normal form. Only for verbs of many objects. A legacy watch of one object has `metadata.name=…`. */
  readonly fieldSelector: string;
  readonly labelSelector: string;
  readonly options: ListOptions;
  readonly query: Query;
  readonly accept: readonly MediaRange[];
  /** Collections that have this object, if it is there: of its namespace, and of all. Only for a get, update, patch or delete of one whole object. */
  readonly collections: readonly string[];
}

const verbs: Readonly<Record<string, Verb>> = { POST: 'create', GET: 'get', HEAD: 'get', PUT: 'update', PATCH: 'patch', DELETE: 'delete' };
const manyObjects: ReadonlySet<string> = new Set(['list', 'watch', 'deletecollection']);
const namespaceSubresources: ReadonlySet<string> = new Set(['status', 'finalize']);

/**
 * As RequestInfoFactory of apiserver/pkg/endpoints/request does, with one difference: a legacy `/watch/` path keeps its
 * selectors here, because they decide what the answer holds. Of headers that came twice the first counts, as for Go's `Header.Get`.
 *
 * @param url the request target as it was sent: path and query
 * @throws BadRequestError for a path that cannot be decoded, or a special verb without anything behind it
 */
export function parseRequest(method: string, url: string, headers: { readonly accept?: string | readonly string[] | undefined }): KubeRequest {
  const question = url.indexOf('?');
  const parts = partsOf(question < 0 ? url : url.slice(0, question));
  const query = parseQuery(question < 0 ? '' : url.slice(question + 1));
  const base = { method, query, options: listOptions(query), accept: parseAccept([headers.accept ?? []].flat()[0]) };
  const grouped = parts[0] === 'apis';
  const prefixParts = grouped ? 3 : 2;
  if ((parts[0] !== 'api' && !grouped) || parts.length <= prefixParts) {
    const nothing = { apiPrefix: '', apiGroup: '', apiVersion: '', namespace: '', resource: '', subresource: '', name: '', fieldSelector: '', labelSelector: '', collections: [] };
    return { ...base, ...nothing, isResource: false, path: `/${parts.join('/')}`, verb: method.toLowerCase() };
  }
  const prefix = parts.slice(0, prefixParts);
  let rest = parts.slice(prefixParts);
  let verb: Verb = verbs[method] ?? '';
  const special = rest[0] === 'watch' || rest[0] === 'proxy';
  if (special) {
    if (rest.length < 2) throw new BadRequestError(`unable to determine kind and namespace from url, ${url}`);
    verb = rest[0]!;
    rest = rest.slice(1);
  }
  const path = `/${[...prefix, ...rest].join('/')}`;
  const namespace = rest[0] === 'namespaces' ? (rest[1] ?? '') : '';
  if (rest[0] === 'namespaces' && rest.length > 2 && !namespaceSubresources.has(rest[2]!)) rest = rest.slice(2);
  const [resource = '', name = '', third = ''] = rest;
  const api = { apiPrefix: prefix[0]!, apiGroup: grouped ? prefix[1]! : '', apiVersion: prefix.at(-1)!, namespace, resource, subresource: verb === 'proxy' ? '' : third };
  if (name === '' && verb === 'get') verb = flagOf(query, 'watch') ? 'watch' : 'list';
  if (name === '' && verb === 'delete') verb = 'deletecollection';
  const many = manyObjects.has(verb);
  const only = many ? nameInSelector(query) : '';
  const fieldSelector = many ? valueOf(query, 'fieldSelector') : '';
  const result = {
    ...base,
    ...api,
    isResource: true,
    path,
    verb,
    name: name === '' && (verb === 'list' || verb === 'watch') && !special ? only : name,
    fieldSelector: normalFieldSelector(fieldSelector),
    labelSelector: many ? normalLabelSelector(valueOf(query, 'labelSelector')) : '',
    collections: [] as string[],
  };
  if (name === '' || verb === 'proxy') return result;
  const own = resource === 'namespaces' ? [] : namespace === '' ? [] : ['namespaces', namespace];
  const [all, within] = [`/${[...prefix, resource].join('/')}`, `/${[...prefix, ...own, resource].join('/')}`];
  // The server takes no selectors here, and watches this one object.
  if (verb === 'watch') return { ...result, path: within, fieldSelector: normalFieldSelector(`metadata.name=${escaped(name)}`), labelSelector: '' };
  if (rest.length === 2 && verb !== '' && verb !== 'create') result.collections.push(...new Set([within, all]));
  return result;
}

function partsOf(path: string): string[] {
  let decoded;
  try {
    decoded = decodeURIComponent(path);
  } catch (cause) {
    throw new BadRequestError(`${path} is no path: an escape in it stands for no character`, cause);
  }
  const trimmed = decoded.replace(/^\/+|\/+$/g, '');
  return trimmed === '' ? [] : trimmed.split('/');
}

const escaped = (value: string): string => value.replaceAll(/[\\,=]/g, '\\$&');

function listOptions(query: Query): ListOptions {
  return {
    resourceVersion: valueOf(query, 'resourceVersion'),
    resourceVersionMatch: valueOf(query, 'resourceVersionMatch'),
    sendInitialEvents: query.has('sendInitialEvents') ? flagOf(query, 'sendInitialEvents') : undefined,
    allowWatchBookmarks: flagOf(query, 'allowWatchBookmarks'),
    timeoutSeconds: integerOf(query, 'timeoutSeconds'),
    limit: integerOf(query, 'limit') ?? 0,
    continue: valueOf(query, 'continue'),
  };
}

function integerOf(query: Query, name: string): number | undefined {
  const text = valueOf(query, name);
  return /^[+-]?\d+$/.test(text) ? Number(text) : undefined;
}

/** The name that a field selector confines a request to, if the server can decode all of the options. */
function nameInSelector(query: Query): string {
  for (const name of ['timeoutSeconds', 'limit']) if (query.has(name) && integerOf(query, name) === undefined) return '';
  const requirement = parseFieldSelector(valueOf(query, 'fieldSelector'))?.find(({ field, equals }) => equals && field === 'metadata.name');
  const name = requirement?.value ?? '';
  return name === '.' || name === '..' || /[/%]/.test(name) ? '' : name;
}
