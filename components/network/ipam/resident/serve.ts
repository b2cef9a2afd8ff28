import { dirname } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { createServer } from '../../../tunnel/common/node-http.ts';
import { listenPrivately } from '../../../tunnel/common/private-socket.ts';
import { call, type Call } from '../plugin.ts';
import { Folder } from '../store/disk.ts';
import { callVariables } from './variables.ts';

export interface ServeOptions {
  /** Path of the socket. Its folder is made if need be, its user's alone. */
  readonly socket: string;
  /** Told what an operator should know. */
  readonly told: (what: string) => void;
  readonly served?: (ok: boolean) => void;
  readonly folders?: Pick<Call, 'resultsFolder' | 'netnsFolder'>;
}

/** A network configuration has some KB. */
const maxBytes = 1024 * 1024;
/** Nothing else happens in this process meanwhile. Milliseconds. */
const lockWithinMs = 2000;

/**
 * Answers calls of the plugin that the launcher passes on: 200 with the result, 422 with the error. It is the plugin itself, in a process that has
 * started already: same state, same lock, so that either may come first, or after the other.
 *
 * @throws a system error (a path of more than 107 bytes, unix(7))
 */
export async function serveCalls({ socket, told, served, folders = {} }: ServeOptions): Promise<AsyncDisposable> {
  new Folder(dirname(socket));
  const server = createServer((request, response) => {
    if (Number(request.headers['content-length'] ?? Infinity) > maxBytes) return void response.writeHead(413).end();
    buffer(request).then((body) => {
      // The launcher has given up on this one, and called the plugin itself.
      if (response.destroyed) return;
      const parts = body.toString().split('\0');
      if (request.method !== 'POST' || parts.length !== callVariables.length + 1) return void response.writeHead(400).end();
      const environment = Object.fromEntries(callVariables.map((name, index) => [name, parts[index]]));
      const { ok, text } = call({ environment, stdin: () => parts.at(-1)!, told, lockWithinMs, ...folders });
      served?.(ok);
      response.writeHead(ok ? 200 : 422, { 'content-type': 'application/json' }).end(text);
    }, () => response.destroy());
  });
  // There is one resident on a node.
  return await listenPrivately(server, socket);
}
