import type { KubeRequest } from '../wire/index.ts';

/**
 * A watch without its bookmarks, where they say nothing: once a minute each costs what a Lease costs, on a link that somebody pays for. They are for a watch that is narrowed
 * (KEP-956): of what others change it hears nothing, so the resourceVersion that it would go on from is soon older than what the API server still has. A watch of all objects of
 * a resource hears of each change, and what it heard last is as new as what the API server has. An API server that has started again knows no version from before its start, told by
 * a bookmark or not (of several, a watch that comes to one that started later lists again). One that brings its objects first must have them, as one of them says when that was all.
 *
 * @param path as the client sent it, with its query
 * @returns the path to ask for instead; undefined when the request stays as it is
 */
export function withoutBookmarks(path: string, { verb, namespace, name, fieldSelector, labelSelector, options }: KubeRequest): string | undefined {
  if (verb !== 'watch' || !options.allowWatchBookmarks || options.sendInitialEvents !== undefined) return undefined;
  if (namespace !== '' || name !== '' || fieldSelector !== '' || labelSelector !== '') return undefined;
  // From the beginning, or from anywhere: the client knows no version yet.
  if (options.resourceVersion === '' || options.resourceVersion === '0') return undefined;
  const question = path.indexOf('?');
  return `${path.slice(0, question)}?${path.slice(question + 1).split('&').filter((pair) => pair.split('=', 1)[0] !== 'allowWatchBookmarks').join('&')}`;
}
