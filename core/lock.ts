import { createServer } from 'node:net';
import { waitFor } from './wait.ts';

/**
 * Takes a lock of this machine, unless somebody holds it. It is an abstract Unix socket, which the kernel takes away
 * from whoever dies: there are no stale locks.
 */
export async function tryLock(name: string): Promise<AsyncDisposable | undefined> {
  const server = createServer((socket) => socket.destroy());
  const free = await new Promise<boolean>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => (error.code === 'EADDRINUSE' ? resolve(false) : reject(error)));
    server.listen(`\0edgeproof-${name}`, () => resolve(true));
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
