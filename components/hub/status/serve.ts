import { join } from 'node:path';
import { createServer } from '../../tunnel/common/node-http.ts';
import { listenPrivately } from '../../tunnel/common/private-socket.ts';
import { reportOf, type StatusSource } from './report.ts';

/** Where a hub with this cache is asked: the folder is its user's alone. */
export const socketIn = (cacheFolder: string): string => join(cacheFolder, 'status.sock');

/**
 * Answers `edge-hub status`.
 *
 * @param cacheFolder in use by this process: a socket that is there is left from one that has died
 * @throws a system error (a path of more than 107 bytes, unix(7))
 */
export async function serveStatus(cacheFolder: string, source: StatusSource): Promise<AsyncDisposable> {
  const server = createServer((request, response) => {
    if (request.method !== 'GET' || request.url !== '/status') return void response.writeHead(404).end();
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(reportOf(source)));
  });
  return await listenPrivately(server, socketIn(cacheFolder));
}
