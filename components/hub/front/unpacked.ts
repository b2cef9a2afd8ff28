import { createGunzip } from 'node:zlib';
import { first } from '../common/headers.ts';
import type { LinkAnswer } from '../link/index.ts';

/**
 * An answer as it was before the API server packed it, if it did. Of a watch each flush is a gzip member of its own (perFlushGzipWriter of
 * apiserver/pkg/endpoints/handlers/watch.go): what it holds is here when its bytes are.
 */
export function unpacked(answer: LinkAnswer): LinkAnswer {
  const { status, headers, body } = answer;
  if (first(headers, 'content-encoding') !== 'gzip') return answer;
  const whole = createGunzip();
  // An answer that nobody has begun to read yet must not take the process down.
  whole.on('error', () => {}).on('close', () => void body.destroy());
  body.on('error', (error) => void whole.destroy(error)).pipe(whole);
  return { status, headers: Object.fromEntries(Object.entries(headers).filter(([name]) => name !== 'content-encoding' && name !== 'content-length')), body: whole };
}
