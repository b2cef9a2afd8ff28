import type { Transform } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { UnreadableAnswerError } from './errors.ts';

/**
 * Undoes the content encoding of an answer: client-go asks for gzip, which the API server uses for lists over 128 KB and, since 1.37, for
 * each flush of a WatchList (one gzip member each). What has come is given at once.
 *
 * @returns undefined when there is nothing to undo
 * @throws UnreadableAnswerError for any other encoding
 */
export function contentDecoder(contentEncoding: string | undefined): Transform | undefined {
  const encoding = (contentEncoding ?? '').trim().toLowerCase();
  if (encoding === '' || encoding === 'identity') return undefined;
  if (encoding === 'gzip') return createGunzip();
  throw new UnreadableAnswerError('NOT_CACHEABLE', `an answer with content encoding ${JSON.stringify(encoding)}`);
}
