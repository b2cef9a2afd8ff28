import { connect, createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { waitFor } from './wait.ts';

const path = (name: string): string => `\0edgeproof-${name}`;

/**
 * Takes a lock of this machine, unless somebody holds it. It is an abstract Unix socket, which the kernel takes away
 * from whoever dies: there are no stale locks. Whoever connects is told who holds it.
 *
 * @param says who holds it and what for, for `whoHolds`
 */
export async function tryLock(name: string, says = `process ${process.pid}`): Promise<AsyncDisposable | undefined> {
  // Whoever asks and does not hang up must not keep it held.
  const server = createServer((socket) => void socket.on('error', () => {}).end(says, () => void socket.destroy()));
  const free = await new Promise<boolean>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => (error.code === 'EADDRINUSE' ? resolve(false) : reject(error)));
    server.listen(path(name), () => resolve(true));
  });
  if (!free) return undefined;
  server.unref();
  return { [Symbol.asyncDispose]: async () => await new Promise<void>((resolve) => void server.close(() => resolve())) };
}

/** As {@link tryLock}, but waits for its turn. @throws WaitTimeoutError; the signal's reason */
export async function lock(name: string, options: { readonly timeoutMs: number; readonly signal?: AbortSignal }): Promise<AsyncDisposable> {
  return await waitFor(`the lock "${name}"`, async () => {
    const held = await tryLock(name);
    return held === undefined ? { missing: 'another edgeproof holds it' } : { done: held };
  }, { everyMs: 200, ...options });
}

/** A holder that is stopped (Ctrl-Z) or very busy does not answer in that time. */
const answerMs = 2_000;

/** What the holder of a lock says of itself; undefined when nobody holds it. One that does not answer is somebody all the same. */
export async function whoHolds(name: string): Promise<string | undefined> {
  const socket = connect({ path: path(name) }).setTimeout(answerMs, () => void socket.destroy(new Error('no answer')));
  try {
    return await text(socket);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ECONNREFUSED' ? undefined : 'a process that does not answer';
  } finally {
    socket.destroy();
  }
}
