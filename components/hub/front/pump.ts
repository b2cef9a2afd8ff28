import type { Readable, Writable } from 'node:stream';
import { LinkError } from '../link/index.ts';
import type { AnswerTap } from './hooks.ts';

/** How a body's way to its client ended: `kept` when a tap keeps the client's answer open. */
export type PumpEnd = { readonly kind: 'whole' } | { readonly kind: 'kept' } | { readonly kind: 'broken'; readonly error: LinkError };

/**
 * Sends an answer's body to a client, piece by piece as it comes, and no faster than the client reads.
 *
 * @throws what the tap throws
 */
export function pump(body: Readable, client: Writable, tap: AnswerTap, gone: AbortSignal): Promise<PumpEnd> {
  const { promise, resolve, reject } = Promise.withResolvers<PumpEnd>();
  const { through } = tap;
  const to = through ?? client;
  /** All of the body has come; what it goes through may still hold it. */
  let whole = false;
  const quiet = (): void => {
    gone.removeEventListener('abort', leave);
    body.off('data', pass).off('end', ended).off('error', broken).on('error', () => {});
    to.off('drain', more);
  };
  const done = (end: PumpEnd): void => {
    quiet();
    resolve(end);
  };
  /** A tap's mistake is this one answer's end, and not the process's. */
  const guarded = <T>(work: () => T): T | undefined => {
    try {
      return work();
    } catch (error) {
      quiet();
      body.destroy();
      reject(error as Error);
      return undefined;
    }
  };
  const pass = (chunk: Buffer): void => void guarded(() => {
    tap.piece?.(chunk);
    if (!to.write(chunk)) body.pause();
  });
  const more = (): void => void body.resume();
  const ended = (): void => void guarded(() => {
    whole = true;
    tap.whole?.();
    to.end();
    if (through === undefined) done({ kind: 'whole' });
  });
  const broken = (cause: Error): void => void guarded(() => {
    const error = cause instanceof LinkError ? cause : new LinkError('RESET', cause.message, { mayHaveBeenSeen: true, cause });
    if (through !== undefined && !through.destroyed) through.on('error', () => {}).destroy(error);
    const kept = !whole && tap.broken?.(error, client) === true && error.code !== 'CLIENT_GONE';
    done(kept ? { kind: 'kept' } : { kind: 'broken', error });
  });
  /** A body that is over says nothing more when it is destroyed. */
  const breakOff = (error: Error): void => (whole ? broken(error) : void body.destroy(error));
  const leave = (): void => breakOff(new LinkError('CLIENT_GONE', 'the client has gone', { mayHaveBeenSeen: true }));
  gone.addEventListener('abort', leave, { once: true });
  if (through !== undefined) {
    through.on('data', (chunk: Buffer) => {
      if (!client.write(chunk)) through.pause();
    });
    client.on('drain', () => void through.resume());
    through.on('end', () => {
      client.end();
      done({ kind: 'whole' });
    });
    through.on('error', breakOff);
  }
  to.on('drain', more);
  body.on('data', pass).on('end', ended).on('error', broken);
  if (body.errored !== null) broken(body.errored);
  else if (gone.aborted) leave();
  return promise;
}
