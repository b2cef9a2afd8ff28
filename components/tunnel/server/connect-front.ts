import { createServer, type Server } from 'node:https';
import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { parseHostPort, type HostPort } from '../common/host-port.ts';
import { handshakeTimeoutMs, tlsPolicy } from '../common/tls.ts';
import type { Reach } from './router.ts';
import { secureContextOf, type ServerFiles } from './tls-server.ts';

/** A CONNECT that was let in. */
export interface ConnectRequest {
  readonly client: string;
  readonly reach: Reach;
  readonly target: HostPort;
  readonly socket: TLSSocket;
  /** Bytes that came glued to the request. */
  readonly head: Buffer;
}

/** What a CONNECT is answered with instead of 200. */
export class ConnectRefusal extends Error {
  readonly status: number;

  constructor(status: number, reason: string) {
    super(reason);
    this.status = status;
  }
}

export interface ConnectFrontOptions {
  readonly files: ServerFiles;
  /** Which clients are let in, by the common name of their certificate, and what each may reach. */
  readonly clients: ReadonlyMap<string, Reach>;
  readonly connect: (request: ConnectRequest) => Promise<void>;
  readonly refused: (client: string, target: string, refusal: ConnectRefusal) => void;
  readonly failed: (error: Error, from: string) => void;
}

/**
 * The port of the apiserver's egress selector (HTTPConnect over TCP with mTLS): `CONNECT HOST:PORT`, answered by 200, or by
 * another status with the reason in the status line, which is all that the apiserver passes on to kubectl.
 */
export function connectFront(options: ConnectFrontOptions): Server {
  const { files, clients, connect, refused, failed } = options;
  const server = createServer({
    ...tlsPolicy,
    ...secureContextOf(files),
    requestCert: true,
    rejectUnauthorized: true,
    handshakeTimeout: handshakeTimeoutMs,
    headersTimeout: 5000,
    maxHeaderSize: 8192,
    keepAlive: false,
    // The dial through the tunnel is the only wait here.
    noDelay: true,
  }, (_request, response) => void response.writeHead(405, 'only CONNECT is served here', { connection: 'close' }).end());
  server.on('tlsClientError', (error, socket) => failed(error, socket.remoteAddress ?? ''));
  server.on('connect', (request: IncomingMessage, socket: TLSSocket, head: Buffer) => {
    socket.on('error', () => {}); // whoever joins it hears of it too
    const client = commonName(socket);
    const answer = (): Promise<void> => {
      const reach = clients.get(client);
      if (reach === undefined) throw new ConnectRefusal(403, `${client || 'a client without a name'} is not let in`);
      const target = parseHostPort(request.url ?? '');
      if (target === undefined) throw new ConnectRefusal(400, 'the target is not HOST:PORT');
      return connect({ client, reach, target, socket, head });
    };
    Promise.resolve().then(answer).catch((error: unknown) => {
      const refusal = error instanceof ConnectRefusal ? error : new ConnectRefusal(500, (error as Error).message);
      refused(client, request.url ?? '', refusal);
      if (socket.destroyed) return;
      socket.end(`HTTP/1.1 ${refusal.status} ${statusText(refusal.message)}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
      socket.resume(); // what the client still says is not wanted, and must not keep the socket open
      setTimeout(() => socket.destroy(), 1000).unref();
    });
  });
  return server;
}

/** The reason-phrase of a status line: visible US-ASCII and spaces (RFC 9112, 4). */
export const statusText = (reason: string): string => `edge-tunnel: ${reason}`.replace(/[^\x20-\x7e]+/g, ' ').slice(0, 400);

function commonName(socket: TLSSocket): string {
  const name = socket.getPeerCertificate().subject?.CN as string | string[] | undefined;
  return typeof name === 'string' ? name : '';
}
