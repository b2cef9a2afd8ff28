import { once } from 'node:events';
import { createServer as createPlain, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecure } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import type { TLSSocket } from 'node:tls';

/** A Node as far as flannel and the keeper read it. */
export interface ApiNode {
  readonly apiVersion: 'v1';
  readonly kind: 'Node';
  metadata: { name: string; uid: string; resourceVersion: string; annotations: Record<string, string> };
  spec: { podCIDR: string; podCIDRs: string[] };
  status: Record<string, unknown>;
}

export interface NodesApiOptions {
  readonly host?: string;
  readonly port?: number;
  /** PEM. Left out: plain HTTP. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly clientCa: string };
}

/** An API server that has Nodes: list, watch, get and patch, as Kubernetes does them. */
export class NodesApi implements AsyncDisposable {
  readonly nodes = new Map<string, ApiNode>();
  /** Patches, as they came: by whom (the common name of the certificate), to what, and the body. */
  readonly patches: { readonly by: string; readonly path: string; readonly body: string }[] = [];
  /** 503 to all, and no watch goes on: what a hub answers that is cut off and has kept nothing. */
  away = false;
  /** 503 to writes alone: what a hub answers that is cut off. */
  readOnly = false;
  #version = 1;
  readonly #watches = new Set<{ readonly name: string | undefined; readonly response: ServerResponse }>();
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;

  private constructor({ tls }: NodesApiOptions) {
    const handler = (request: IncomingMessage, response: ServerResponse): void => void this.#answer(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
    this.#server = tls === undefined ? createPlain(handler) : createSecure({ cert: tls.cert, key: tls.key, ca: tls.clientCa, requestCert: true, rejectUnauthorized: true }, handler);
    this.#server.on('connection', (socket: Socket) => void this.#sockets.add(socket.on('close', () => this.#sockets.delete(socket))));
  }

  static async listen(options: NodesApiOptions = {}): Promise<NodesApi> {
    const api = new NodesApi(options);
    await once(api.#server.listen(options.port ?? 0, options.host ?? '127.0.0.1'), 'listening');
    return api;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  add(name: string, podCIDR: string, annotations: Record<string, string> = {}): void {
    this.#store({ apiVersion: 'v1', kind: 'Node', metadata: { name, uid: `uid-${name}`, resourceVersion: '', annotations }, spec: { podCIDR, podCIDRs: [podCIDR] }, status: {} }, 'ADDED');
  }

  /** `undefined` takes it off. */
  annotate(name: string, key: string, value: string | undefined): void {
    const node = structuredClone(this.nodes.get(name)!);
    if (value === undefined) delete node.metadata.annotations[key];
    else node.metadata.annotations[key] = value;
    this.#store(node, 'MODIFIED');
  }

  annotation(name: string, key: string): string | undefined {
    return this.nodes.get(name)?.metadata.annotations[key];
  }

  /** Watches end here, and all connections. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #store(node: ApiNode, type: 'ADDED' | 'MODIFIED'): void {
    node.metadata.resourceVersion = String(++this.#version);
    this.nodes.set(node.metadata.name, node);
    for (const { name, response } of this.#watches) if (name === undefined || name === node.metadata.name) response.write(`${JSON.stringify({ type, object: node })}\n`);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url!, 'http://x');
    const send = (status: number, body: object): void => void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    const refuse = (code: number): void => send(code, { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, message: 'not now' });
    const [, name] = /^\/api\/v1\/nodes(?:\/([^/]+)(?:\/status)?)?$/.exec(pathname) ?? [];
    if (this.away || (this.readOnly && request.method !== 'GET')) return refuse(503);
    const selected = /^metadata\.name=(.+)$/.exec(searchParams.get('fieldSelector') ?? '')?.[1];
    if (request.method === 'GET' && name === undefined) {
      if (searchParams.get('watch') === '1' || searchParams.get('watch') === 'true') return this.#watch(selected, searchParams.get('sendInitialEvents') === 'true', Number(searchParams.get('resourceVersion') ?? 0), response);
      return send(200, { kind: 'NodeList', apiVersion: 'v1', metadata: { resourceVersion: String(this.#version) }, items: [...this.nodes.values()].filter((node) => selected === undefined || node.metadata.name === selected) });
    }
    const node = this.nodes.get(name ?? '');
    if (node === undefined) return refuse(404);
    if (request.method === 'GET') return send(200, node);
    const body = await text(request);
    const certificate = (request.socket as Partial<TLSSocket>).getPeerCertificate?.();
    this.patches.push({ by: String(certificate?.subject?.CN ?? ''), path: pathname, body });
    const { metadata, status } = JSON.parse(body) as { metadata?: { annotations?: Record<string, string | null> }; status?: Record<string, unknown> };
    const next = structuredClone(node);
    for (const [key, value] of Object.entries(metadata?.annotations ?? {})) {
      if (value === null) delete next.metadata.annotations[key];
      else next.metadata.annotations[key] = value;
    }
    next.status = { ...next.status, ...status };
    this.#store(next, 'MODIFIED');
    send(200, next);
  }

  #watch(name: string | undefined, initial: boolean, from: number, response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'application/json' });
    const told = [...this.nodes.values()].filter((node) => (name === undefined || node.metadata.name === name) && (initial || Number(node.metadata.resourceVersion) > from));
    for (const object of told) response.write(`${JSON.stringify({ type: initial ? 'ADDED' : 'MODIFIED', object })}\n`);
    if (initial) response.write(`${JSON.stringify({ type: 'BOOKMARK', object: { apiVersion: 'v1', kind: 'Node', metadata: { resourceVersion: String(this.#version), annotations: { 'k8s.io/initial-events-end': 'true' } } } })}\n`);
    else response.flushHeaders();
    const entry = { name, response };
    this.#watches.add(entry);
    response.on('close', () => this.#watches.delete(entry));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
