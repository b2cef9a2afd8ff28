import { chmodSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import type { createServer } from './node-http.ts';

/**
 * Has a server listen on a Unix socket that its user alone may open.
 *
 * @param path in a folder of this process: a socket that is there is left from one that has died
 * @returns closes it, with what is open
 * @throws a system error (a path of more than 107 bytes, unix(7))
 */
export async function listenPrivately(server: ReturnType<typeof createServer>, path: string): Promise<AsyncDisposable> {
  rmSync(path, { force: true });
  await once(server.listen(path), 'listening');
  chmodSync(path, 0o600);
  return {
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await server[Symbol.asyncDispose]();
    },
  };
}
