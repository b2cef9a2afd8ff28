import type { TLSSocket } from 'node:tls';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Registry } from 'prom-client';
import { connectSession } from '../common/connect-session.ts';
import type { HostPort } from '../common/host-port.ts';
import type { Log } from '../common/log.ts';
import { serverName } from '../common/tls.ts';
import { CreditBudget, type SessionConfig } from '../protocol/index.ts';
import { AgentRegistry } from './agent-registry.ts';
import { Agents } from './agents.ts';
import { tlsFront, unixFront, type ConnectRequest } from './connect-front.ts';
import { ServerMetrics } from './metrics.ts';
import { NodeDirectory, type KubeNode } from './node-directory.ts';
import { observers } from './observe.ts';
import { Peers, type Peer } from './peers.ts';
import { Revocations } from './revocations.ts';
import { Router, type Reach } from './router.ts';
import { sessionPort } from './session-port.ts';
import type { TlsPort, TlsPortOptions } from './tls-port.ts';
import { TunnelServer } from './tunnel-server.ts';
import type { UnixPort } from './unix-port.ts';

export interface ServeOptions {
  /** This process's name, which its peers know it by: the Pod's. */
  readonly instance: string;
  readonly log: Log;
  /** Where to listen: for CONNECTs, for agents, for other servers. Port 0 takes any. */
  readonly listen: Readonly<Record<PortName, HostPort>>;
  /** Path of a Unix socket for CONNECTs, besides. Default: none. */
  readonly connectSocket?: string | undefined;
  /**
   * Paths of PEM files: certificate and key, who signed them and the clients, and who signs kubelets; a CRL may be missing. `agentsCert` and
   * `agentsKey`: what agents are shown, if it is something else.
   */
  readonly paths: { readonly cert: string; readonly key: string; readonly ca: string; readonly nodeCa: string; readonly crl?: string; readonly agentsCert?: string; readonly agentsKey?: string };
  /** Who is let in at the CONNECT port, by common name, and how far. */
  readonly clients: ReadonlyMap<string, Reach>;
  /** `key=value`, the label of edge nodes. */
  readonly edgeLabel: string;
  readonly kubeletPort: number;
  readonly directCidrs: readonly string[];
  /** How long a target may take. Milliseconds. */
  readonly dialMs: number;
  /** How often the PEM files, and the certificates of live sessions, are looked at. Milliseconds. */
  readonly refreshMs: number;
  /** All streams' buffers together. */
  readonly memoryBytes: number;
  readonly session?: Partial<SessionConfig>;
  /** What a client may take for its handshake, and for the request line and headers of a CONNECT. Milliseconds. */
  readonly handshakeTimeoutMs?: number;
  readonly headersTimeoutMs?: number;
}

type PortName = 'connect' | 'agents' | 'peers';

/** A tunnel server that listens. It knows nothing of Kubernetes: whoever started it says which nodes and peers there are. */
export class RunningServer implements AsyncDisposable {
  readonly #log: Log;
  readonly #directory: NodeDirectory;
  readonly #registry = new AgentRegistry();
  readonly #revocations: Revocations;
  readonly #metrics: ServerMetrics;
  readonly #agents: Agents;
  readonly #peers: Peers;
  readonly #ports: Readonly<Record<PortName, TlsPort>>;
  readonly #unixPort: UnixPort | undefined;
  /** All doors for CONNECTs. */
  readonly #fronts: readonly (TlsPort | UnixPort)[];
  #refresh: NodeJS.Timeout | undefined;
  #draining = false;
  #stopped = false;

  /** @throws UsageError for files that cannot be used; the system's error for a port that cannot be had */
  static async start(options: ServeOptions): Promise<RunningServer> {
    const server = new RunningServer(options);
    try {
      for (const name of ['connect', 'agents', 'peers'] as const) await server.#ports[name].listen(options.listen[name]);
      if (options.connectSocket !== undefined) await server.#unixPort?.listen(options.connectSocket);
    } catch (error) {
      await server.stop();
      throw error;
    }
    server.#refresh = setInterval(() => server.#review(), options.refreshMs);
    const { listen, connectSocket, log } = options;
    log.info({ listen, connectSocket }, 'started');
    return server;
  }

  private constructor(options: ServeOptions) {
    const { instance, log, paths, session: config = {}, dialMs } = options;
    const { cert, key, ca, nodeCa, agentsCert = cert, agentsKey = key } = paths;
    this.#log = log;
    this.#revocations = new Revocations(paths.crl, (reason) => log.error({ reason }, 'the list of revoked certificates is not used'));
    this.#directory = new NodeDirectory(options.edgeLabel);
    this.#metrics = new ServerMetrics(this.#observed);
    const observe = observers(log, this.#metrics);
    const port = (name: PortName): Omit<TlsPortOptions, 'create' | 'paths'> => ({ ...observe.port(name), ...(options.handshakeTimeoutMs !== undefined && { handshakeTimeoutMs: options.handshakeTimeoutMs }) });
    const common = { instance, config, budget: new CreditBudget(options.memoryBytes) };
    this.#agents = new Agents({ ...common, directory: this.#directory, registry: this.#registry, revocations: this.#revocations, events: observe.agents });
    const tunnel = new TunnelServer({ router: new Router({ ...options, directory: this.#directory }), registry: this.#registry, peers: () => this.#peers.sessions, dialMs, events: observe.tunnel });
    const front = { ...options, connect: async (request: ConnectRequest) => await tunnel.connect(request), refused: observe.refused };
    this.#unixPort = options.connectSocket === undefined ? undefined : unixFront({ ...front, ...observe.port('unix') });
    this.#ports = {
      connect: tlsFront({ ...front, ...port('connect'), paths: { cert, key, ca } }),
      agents: sessionPort({ ...port('agents'), paths: { cert: agentsCert, key: agentsKey, ca: nodeCa } }, (socket) => this.#agents.accept(socket)),
      peers: sessionPort({ ...port('peers'), paths: { cert, key, ca } }, (socket) => this.#acceptPeer(socket)),
    };
    this.#fronts = [this.#ports.connect, ...(this.#unixPort === undefined ? [] : [this.#unixPort])];
    this.#peers = new Peers({
      ...common,
      dial: async ({ address, port = options.listen.peers.port }, signal) => await connectSession({ server: { host: address, port }, tls: this.#ports.peers.files, timeoutMs: dialMs, signal }),
      stream: (stream, deadlineMs) => tunnel.serve(stream, deadlineMs),
      events: observe.peers,
    });
  }

  get metrics(): Registry {
    return this.#metrics.registry;
  }

  /** Nodes that have a session here. */
  get nodeCount(): number {
    return this.#registry.nodeCount;
  }

  portOf(name: PortName): number {
    return this.#ports[name].number;
  }

  /** Why it cannot do its work, or undefined. */
  get notReady(): string | undefined {
    if (this.#draining) return 'this server is being stopped';
    return this.#directory.synced ? undefined : 'the nodes of the cluster are not known yet';
  }

  /** The nodes that there are: sessions of those that are gone end. */
  setNodes(nodes: Iterable<KubeNode>): void {
    for (const node of this.#directory.update(nodes)) this.#registry.revoke(node, `node ${node} was deleted`);
  }

  /** The servers that there are; this one may be among them. */
  setPeers(peers: readonly Peer[]): void {
    if (!this.#stopped) this.#peers.update(peers);
  }

  /**
   * Sends the agents to other servers, serves what is open to its end, and stops.
   *
   * @param drainMs how long that may take
   * @param forgottenMs how long new connections, of agents too, still come after this server has said that it is not ready
   */
  async drain(drainMs: number, forgottenMs: number): Promise<void> {
    this.#draining = true;
    this.#log.info('draining');
    const deadline = Date.now() + drainMs;
    await sleep(Math.min(drainMs, forgottenMs));
    // Not before: they would come back to where they were sent away from.
    this.#agents.leave('this server is being stopped');
    for (const front of this.#fronts) void front.close();
    const asked = (): number => this.#fronts.reduce((sum, { connectionCount }) => sum + connectionCount, 0);
    const carried = (): number => [...this.#registry.all()].reduce((sum, { session }) => sum + session.streamCount, 0);
    while (Date.now() < deadline && (asked() > 0 || carried() > 0)) await sleep(50);
    await this.stop();
  }

  /** Ends everything now. */
  async stop(): Promise<void> {
    this.#draining = this.#stopped = true;
    clearInterval(this.#refresh);
    const reason = 'this server was stopped';
    const ports = new Set([...Object.values(this.#ports), ...this.#fronts]);
    const closed = Promise.all([...ports].map(async (port) => await port.close()));
    this.#peers.close(reason);
    for (const { session } of [...this.#registry.all()]) session.close('CANCELLED', reason);
    for (const front of this.#fronts) front.cut();
    // For the last words to leave; who does not read them is cut off.
    await Promise.race([closed, sleep(lastWordsMs, undefined, { ref: false })]);
    for (const port of ports) port.cut();
    await closed;
    this.#log.info('stopped');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  get #observed(): ConstructorParameters<typeof ServerMetrics>[0] {
    const registry = this.#registry;
    const peers = (): Peers => this.#peers;
    return {
      sessions: function* () {
        for (const { session } of registry.all()) yield session;
        yield* peers().all;
      },
      nodes: () => registry.nodeCount,
      peers: () => peers().sessions.length,
      files: () => {
        const { connect, agents } = this.#ports;
        return { cert: connect.files.cert, ca: connect.files.ca, 'agents-cert': agents.files.cert, 'node-ca': agents.files.ca };
      },
    };
  }

  #acceptPeer(socket: TLSSocket): void {
    // The same authority signs the clients of the CONNECT port: only a server may be a peer.
    if (socket.getPeerCertificate().subject?.CN === serverName) return this.#peers.accept(socket);
    this.#log.warn({ from: socket.remoteAddress }, "a peer was refused: its certificate is not a tunnel server's");
    socket.on('error', () => {});
    socket.destroy();
  }

  #review(): void {
    for (const port of Object.values(this.#ports)) port.refresh();
    this.#revocations.refresh();
    this.#agents.review();
  }
}

/** Milliseconds. */
const lastWordsMs = 300;
