import { createServer, type IncomingMessage, type Server, type ServerOptions } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { parseHostPort, type HostPort } from '../common/host-port.ts';
import { ConnectRefusal } from './connect-refusal.ts';
import type { Reach } from './router.ts';
import { TlsPort, type TlsPortOptions } from './tls-port.ts';
import { Waiter } from './waiter.ts';
import { UnixPort, type UnixPortOptions } from './unix-port.ts';

/** A CONNECT that was let in. */
export interface ConnectRequest {
  readonly client: string;
  readonly reach: Reach;
  readonly target: HostPort;
  readonly socket: Socket;
  /** Bytes that came glued to the request. */
  readonly head: Buffer;
  /** The client, who may go before it was answered. */
  readonly waiter: Waiter;
}

/** What both doors share. */
export interface ConnectFrontOptions {
  /** Answers it, or throws the ConnectRefusal to answer it with. */
  readonly connect: (request: ConnectRequest) => Promise<void>;
  readonly refused: (client: string, target: string, refusal: ConnectRefusal) => void;
  /** The request line and headers must be here by then. Milliseconds. Default: 5000. */
  readonly headersTimeoutMs?: number;
}

export interface TlsFrontOptions extends ConnectFrontOptions, Omit<TlsPortOptions, 'create'> {
  /** Which clients are let in, by the common name of their certificate, and what each may reach. */
  readonly clients: ReadonlyMap<string, Reach>;
}

/** Who asks. Without a reach it is not let in. */
interface Visitor {
  readonly client: string;
  readonly reach: Reach | undefined;
}

/** Whoever may open the file is the API server, or could be. */
const unixVisitor: Visitor = { client: 'unix', reach: 'cluster' };

/** What a refused client may take to read why. Milliseconds. */
const lingerMs = 1000;

/**
 * The port of the apiserver's egress selector (HTTPConnect over TCP with mTLS): `CONNECT HOST:PORT`, answered by 200, or by
 * another status with the reason in the status line, which is all that the apiserver passes on to kubectl.
 */
export function tlsFront(options: TlsFrontOptions): TlsPort {
  const { clients } = options;
  return new TlsPort({
    ...options,
    create: (tls) => serve(createTlsServer({ ...tls, ...limitsOf(options) }), options, (socket) => {
      const client = commonName(socket as TLSSocket);
      return { client, reach: clients.get(client) };
    }),
  });
}

/** The same for one that runs beside this server (HTTPConnect over a Unix socket). */
export function unixFront(options: ConnectFrontOptions & Pick<UnixPortOptions, 'troubled'>): UnixPort {
  return new UnixPort({ ...options, create: () => serve(createServer(limitsOf(options)), options, () => unixVisitor) });
}

const limitsOf = ({ headersTimeoutMs = 5000 }: ConnectFrontOptions): ServerOptions => ({
  headersTimeout: headersTimeoutMs,
  // How often that is looked at: by default twice a minute.
  connectionsCheckingInterval: Math.min(1000, headersTimeoutMs),
  maxHeaderSize: 8192,
});

const serve = <Front extends Server>(server: Front, options: ConnectFrontOptions, visitorOf: (socket: Socket) => Visitor): Front =>
  server
    .on('request', (_request, response) => void response.writeHead(405, 'only CONNECT is served here', { connection: 'close' }).end())
    .on('connect', (request: IncomingMessage, socket: Socket, head: Buffer) => void answer(options, request, socket, head, visitorOf(socket)));

async function answer({ connect, refused }: ConnectFrontOptions, request: IncomingMessage, socket: Socket, head: Buffer, { client, reach }: Visitor): Promise<void> {
  const target = request.url ?? '';
  const waiter = new Waiter();
  const leave = (): void => waiter.leave();
  // For good: whoever joins the socket hears of an error too.
  socket.on('error', leave);
  socket.on('close', leave);
  // Otherwise Node would end our half too. A client that ends its half without a byte has changed its mind.
  socket.allowHalfOpen = true;
  if (head.length === 0) socket.on('end', leave);
  try {
    if (reach === undefined) throw new ConnectRefusal(403, `${client || 'a client without a name'} is not let in`);
    const hostPort = parseHostPort(target);
    if (hostPort === undefined) throw new ConnectRefusal(400, 'the target is not HOST:PORT');
    await connect({ client, reach, target: hostPort, socket, head, waiter });
  } catch (error) {
    const refusal = waiter.hasLeft ? new ConnectRefusal(499, 'the client has gone') : error instanceof ConnectRefusal ? error : new ConnectRefusal(500, String(error));
    refused(client, target, refusal);
    refuse(socket, refusal);
  } finally {
    socket.off('close', leave).off('end', leave);
  }
}

function refuse(socket: Socket, { status, message }: ConnectRefusal): void {
  if (socket.destroyed) return;
  socket.end(`HTTP/1.1 ${status} ${statusText(message)}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
  socket.resume(); // what the client still says is not wanted, and must not keep the socket open
  const timer = setTimeout(() => socket.destroy(), lingerMs);
  socket.once('close', () => clearTimeout(timer));
}

/** The reason-phrase of a status line: visible US-ASCII and spaces (RFC 9112, 4). */
export const statusText = (reason: string): string => `edge-tunnel: ${reason}`.replace(/[^\x20-\x7e]+/g, ' ').slice(0, 400);

/** @returns '' for none, or several: which one counts would be a matter of taste */
function commonName(socket: TLSSocket): string {
  const name = (socket.getPeerCertificate() as { subject?: { CN?: unknown } } | null)?.subject?.CN;
  return typeof name === 'string' ? name : '';
}
