import { checkAuthorities, checkTlsFiles } from '../../tunnel/common/tls.ts';
import { WatchedFiles } from '../../tunnel/common/watched-files.ts';
import type { FrontCredentials } from './front.ts';

/** A certificate and its key, which may be replaced while the hub runs. PEM. */
export interface ServingPair {
  readonly content: { readonly cert: string; readonly key: string };
  /** @returns whether anything is different */
  refresh(): Promise<boolean>;
}

/**
 * A pair that others keep in files.
 *
 * @param failed told why new files are not used
 * @throws UsageError when the files cannot be used
 */
export function servingFiles(paths: { readonly cert: string; readonly key: string }, failed: (reason: string) => void): ServingPair {
  const files = new WatchedFiles(paths, { check: ({ cert, key }) => checkTlsFiles({ cert, key, ca: cert }), failed });
  return { get content() { return files.content; }, refresh: async () => files.refresh() };
}

/**
 * A serving pair, and who signs clients.
 *
 * @param clientCa path
 * @throws UsageError when it cannot be used
 */
export function frontCredentials(pair: ServingPair, clientCa: string, failed: (reason: string) => void): FrontCredentials {
  const files = new WatchedFiles({ clientCa }, { check: (content) => checkAuthorities(content.clientCa), failed });
  return {
    get content() { return { ...pair.content, ...files.content }; },
    refresh: async () => {
      const changed = files.refresh();
      return (await pair.refresh()) || changed;
    },
  };
}
