import { readFileSync } from 'node:fs';
import { request as httpsRequest } from 'node:https';
import { connect as h2connect, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { pino } from 'pino';
import { until } from '../../tunnel/testing/until.ts';
import { Wan } from '../../tunnel/testing/wan.ts';
import { frontCredentials, servingFiles } from '../front/index.ts';
import { Hub, type HubOptions } from '../hub.ts';
import { Link, LinkCredentials, type LinkOptions, type LinkState, type LinkTimings } from '../link/index.ts';
import { ApiServer, type ApiServerOptions } from './api-server.ts';
import { HubPki, nodeName } from './pki.ts';

/** Silence is found within 1.6 s: both ends are in this process, and on a busy machine it stands still for half a second. */
export const quick: Partial<LinkTimings> = { dialMs: 1000, pingEveryMs: 150, otherPingEveryMs: 300, owedMs: 100, doubtMs: 400, pongWithinMs: 1000, probeEveryMs: 100, suspicionJitterMs: 20, firstVerdictMs: 300, idleMs: 400 };

/** An API server, a WAN and what lies behind it, all in this process, on real sockets. */
export class World implements AsyncDisposable {
  readonly pki: HubPki;
  readonly api: ApiServer;
  readonly wan: Wan;
  /** What hubs have logged, parsed. */
  readonly logs: Record<string, unknown>[] = [];
  /** Closed in the order of the last that came. */
  readonly stack: AsyncDisposableStack;

  private constructor(pki: HubPki, api: ApiServer, wan: Wan, stack: AsyncDisposableStack) {
    this.pki = pki;
    this.api = api;
    this.wan = wan;
    this.stack = stack;
  }

  static async create(options: ApiServerOptions = {}): Promise<World> {
    await using stack = new AsyncDisposableStack();
    const pki = stack.use(await HubPki.create());
    const api = stack.use(await ApiServer.listen(pki, options));
    const wan = stack.use(await Wan.to(api.port));
    return new World(pki, api, wan, stack.move());
  }

  credentials(): LinkCredentials {
    return new LinkCredentials({ ca: this.pki.path('ca.crt'), node: this.pki.path('node.pem'), nodeName });
  }

  /** Every state that it comes to be in is in `states`. */
  link(options: Partial<LinkOptions> = {}): { readonly link: Link; readonly states: LinkState[] } {
    const link = this.stack.use(Link.start({ server: { host: '127.0.0.1', port: this.wan.port }, credentials: this.credentials(), timings: quick, refreshMs: 3_600_000, ...options }));
    const states: LinkState[] = [];
    link.onChange((state) => void states.push(state));
    return { link, states };
  }

  async connectedLink(options: Partial<LinkOptions> = {}): Promise<{ readonly link: Link; readonly states: LinkState[] }> {
    const started = this.link(options);
    await until('it is connected', () => started.link.state.kind === 'connected');
    return started;
  }

  async hub(options: Partial<HubOptions> = {}): Promise<Hub> {
    const log = pino({ level: 'debug', base: null }, { write: (line: string) => void this.logs.push(JSON.parse(line) as Record<string, unknown>) });
    const { pki } = this;
    const hub = await Hub.start({
      log,
      nodeName,
      server: { host: '127.0.0.1', port: this.wan.port },
      linkCredentials: this.credentials(),
      timings: quick,
      listen: [{ host: '127.0.0.1', port: 0 }],
      frontCredentials: frontCredentials(servingFiles({ cert: pki.path('serving.crt'), key: pki.path('serving.key') }, () => {}), pki.path('ca.crt'), () => {}),
      refreshMs: 3_600_000,
      ...options,
    });
    this.stack.use(hub);
    return hub;
  }

  async connectedHub(options: Partial<HubOptions> = {}): Promise<Hub> {
    const hub = await this.hub(options);
    await until('it is connected', () => hub.state.kind === 'connected');
    return hub;
  }

  /** A client of HTTP/2. @param certificate PEM, certificate and key in one */
  client(port: number, certificate?: string): H2Client {
    return this.stack.use(new H2Client(port, this.pki.clusterCa.certPem, certificate));
  }

  get nodePem(): string {
    return readFileSync(this.pki.path('node.pem'), 'utf8');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stack.disposeAsync();
  }
}

/** What a client was told. */
export interface Told {
  readonly stream: ClientHttp2Stream;
  status: number;
  headers: Record<string, unknown>;
  readonly body: Buffer;
  /** 'whole': to its end. Otherwise how it broke. */
  end: string | undefined;
}

export class H2Client implements Disposable {
  readonly session: ClientHttp2Session;

  constructor(port: number, ca: string, certificate: string | undefined) {
    this.session = h2connect(`https://127.0.0.1:${port}`, { ca, ...(certificate !== undefined && { cert: certificate, key: certificate }) });
    this.session.on('error', () => {});
  }

  /** Sends a request; what comes is in what it gives. @param upload a body that is sent no faster than it is taken */
  ask(path: string, headers: Record<string, string | readonly string[]> = {}, body?: Buffer, upload?: Readable): Told {
    const stream = this.session.request({ ':path': path, ...(body !== undefined && { ':method': 'POST', 'content-length': String(body.length) }), ...headers } as never, { endStream: body === undefined && upload === undefined });
    const chunks: Buffer[] = [];
    const told: Told = { stream, status: 0, headers: {}, end: undefined, get body() { return Buffer.concat(chunks); } };
    let error: string | undefined;
    stream.on('response', (response) => {
      told.status = Number(response[':status']);
      told.headers = response;
    });
    stream.on('data', (chunk: Buffer) => void chunks.push(chunk));
    stream.on('error', (cause: NodeJS.ErrnoException) => {
      error = cause.code ?? cause.message;
    });
    stream.on('close', () => {
      told.end = error ?? (stream.rstCode === 0 ? 'whole' : `reset ${stream.rstCode}`);
    });
    if (body !== undefined) stream.end(body);
    upload?.on('error', () => {}).pipe(stream);
    return told;
  }

  /** Waits for the end. */
  async get(path: string, headers: Record<string, string | readonly string[]> = {}, body?: Buffer): Promise<Told> {
    const told = this.ask(path, headers, body);
    await until(`${path} is answered`, () => told.end !== undefined);
    return told;
  }

  [Symbol.dispose](): void {
    this.session.destroy();
  }
}

/** A request over HTTP/1.1. */
export async function http1(port: number, ca: string, path: string, options: { readonly method?: string; readonly headers?: Record<string, string | readonly string[]>; readonly body?: Buffer; readonly certificate?: string } = {}): Promise<{ status: number; headers: IncomingMessage['headers']; body: string; complete: boolean }> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const { certificate } = options;
  const sent = httpsRequest({ host: '127.0.0.1', port, ca, path, agent: false, method: options.method ?? 'GET', headers: options.headers as never, ...(certificate !== undefined && { cert: certificate, key: certificate }) }, resolve);
  sent.on('error', reject);
  sent.end(options.body);
  const response = await promise;
  let body = '';
  response.setEncoding('utf8').on('data', (chunk: string) => {
    body += chunk;
  });
  response.on('error', () => {});
  await new Promise((done) => response.on('close', done));
  return { status: response.statusCode ?? 0, headers: response.headers, body, complete: response.complete };
}
