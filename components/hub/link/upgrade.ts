import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { cut } from '../../tunnel/protocol/index.ts';
import { formatHostPort, type HostPort } from '../../tunnel/common/host-port.ts';
import { request as httpRequest } from '../../tunnel/common/node-http.ts';
import type { LinkCredentials } from './credentials.ts';
import { dial } from './dial.ts';
import { all, collectHeaders, endToEnd, type Headers } from '../common/headers.ts';
import type { LinkAnswer } from './answer.ts';
import type { UpstreamRequest } from './link.ts';
import { LinkError, notSent, reasonOf } from './link-error.ts';
import type { LinkTimings } from './timings.ts';

/** The protocol was switched, and what follows is bytes both ways; or it was not, and there is an ordinary answer. */
export type UpgradeAnswer = { readonly switched: true; readonly headers: Headers; readonly socket: TLSSocket; readonly head: Buffer } | ({ readonly switched: false } & LinkAnswer);

export interface UpgradePathOptions {
  readonly server: HostPort;
  readonly serverName?: string;
  readonly credentials: LinkCredentials;
  readonly timings: LinkTimings;
  readonly signal: AbortSignal;
}

/** Connections over HTTP/1.1, one for each upgrade: HTTP/2 has none that the API server speaks. */
export class UpgradePath {
  readonly #options: UpgradePathOptions;
  readonly #sockets = new Set<Socket>();

  constructor(options: UpgradePathOptions) {
    this.#options = options;
  }

  /** @throws LinkError */
  async ask({ method, path, headers, via, signal }: Omit<UpstreamRequest, 'body'>): Promise<UpgradeAnswer> {
    const { server, serverName, credentials, timings, signal: stopped } = this.#options;
    const identity = credentials.identity(via);
    if (identity === undefined) throw notSent('NO_NODE_CERTIFICATE', 'this node has no client certificate yet');
    const socket = await dial({ server, ...(serverName !== undefined && { serverName }), identity, protocol: 'http/1.1', timeoutMs: timings.dialMs, signal: AbortSignal.any([signal, stopped]) });
    this.#sockets.add(socket);
    // For good: one that is cut tells of it.
    socket.on('error', () => {}).once('close', () => this.#sockets.delete(socket));
    const { promise, resolve, reject } = Promise.withResolvers<UpgradeAnswer>();
    const leave = (): void => cut(socket);
    signal.addEventListener('abort', leave, { once: true });
    if (signal.aborted) leave();
    const sent = httpRequest({ method, path, createConnection: () => socket, headers: { ...endToEnd(headers), host: formatHostPort(server), connection: 'Upgrade', upgrade: all(headers, 'upgrade') } as never });
    sent.on('upgrade', (response: IncomingMessage, _socket, head) => resolve({ switched: true, headers: collectHeaders(response.rawHeaders), socket, head }));
    sent.on('response', (response) => resolve({ switched: false, status: response.statusCode ?? 0, headers: collectHeaders(response.rawHeaders), body: response.on('close', leave) }));
    sent.on('error', (cause) => reject(new LinkError(signal.aborted ? 'CLIENT_GONE' : 'BROKEN', `the connection to the API server was lost: ${reasonOf(cause)}`, { mayHaveBeenSeen: true, cause })));
    sent.end();
    try {
      return await promise;
    } finally {
      signal.removeEventListener('abort', leave);
    }
  }

  /** The link is cut off: nothing will come on them any more, and nobody would tell. */
  cutAll(): void {
    for (const socket of this.#sockets) cut(socket);
  }
}
