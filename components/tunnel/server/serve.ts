import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';
import { connect as tlsConnect, type TLSSocket } from 'node:tls';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Registry } from 'prom-client';
import type { HostPort } from '../common/host-port.ts';
import type { Log } from '../common/log.ts';
import { serverName, tlsPolicy } from '../common/tls.ts';
import { WatchedFiles } from '../common/watched-files.ts';
import { alpnProtocol, CreditBudget, type SessionConfig } from '../protocol/index.ts';
import { AgentRegistry } from './agent-registry.ts';
import { acceptAgent } from './agents.ts';
import { connectFront } from './connect-front.ts';
import { ServerMetrics } from './metrics.ts';
import { NodeDirectory, type KubeNode } from './node-directory.ts';
import { Peers, type Peer } from './peers.ts';
import { Revocations } from './revocations.ts';
import { Router, type Reach } from './router.ts';
import { secureContextOf, sessionServer, type ServerFiles } from './tls-server.ts';
import { TunnelServer } from './tunnel-server.ts';

export interface ServeOptions {
  /** This process's name, which its peers know it by: the Pod's. */
  readonly instance: string;
  readonly log: Log;
  /** Where to listen: for CONNECTs, for agents, for other servers. Port 0 takes any. */
  readonly listen: Readonly<Record<Port, HostPort>>;
  /** Paths of PEM files: certificate and key, who signed them and the clients, and who signs kubelets; a CRL may be missing. */
  readonly paths: { readonly cert: string; readonly key: string; readonly ca: string; readonly nodeCa: string; readonly crl?: string };
  /** Who is let in at the CONNECT port, by common name, and how far. */
  readonly clients: ReadonlyMap<string, Reach>;
  /** `key=value`, the label of edge nodes. */
  readonly edgeLabel: string;
  readonly kubeletPort: number;
  readonly directCidrs: readonly string[];
  /** How long a target may take. Milliseconds. */
  readonly dialMs: number;
  /** How often the PEM files are looked at. Milliseconds. */
  readonly refreshMs: number;
  /** All streams' buffers together. */
  readonly memoryBytes: number;
  readonly session?: Partial<SessionConfig>;
}

type Port = 'connect' | 'agents' | 'peers';

/** A tunnel server that listens. It knows nothing of Kubernetes: whoever started it says which nodes and peers there are. */
export class RunningServer {
  readonly #options: ServeOptions;
  readonly #log: Log;
  readonly #directory: NodeDirectory;
  readonly #registry = new AgentRegistry();
  readonly #budget: CreditBudget;
  readonly #metrics: ServerMetrics;
  readonly #peers: Peers;
  readonly #revocations: Revocations;
  readonly #agentFiles: ServerFiles;
  readonly #ownFiles: ServerFiles;
  readonly #servers: Readonly<Record<Port, Server & { setSecureContext(options: object): void }>>;
  readonly #refresh: NodeJS.Timeout;
  #draining = false;

  static async start(options: ServeOptions): Promise<RunningServer> {
    const server = new RunningServer(options);
    for (const port of ['connect', 'agents', 'peers'] as const) {
      const { host, port: number } = options.listen[port];
      server.#servers[port].listen(number, host || undefined);
      await once(server.#servers[port], 'listening');
    }
    options.log.info({ listen: options.listen }, 'started');
    return server;
  }

  private constructor(options: ServeOptions) {
    const { instance, log, paths, memoryBytes, session: config = {} } = options;
    this.#options = options;
    this.#log = log;
    this.#agentFiles = new WatchedFiles({ cert: paths.cert, key: paths.key, clientCa: paths.nodeCa });
    this.#ownFiles = new WatchedFiles({ cert: paths.cert, key: paths.key, clientCa: paths.ca });
    this.#revocations = new Revocations(paths.crl);
    this.#directory = new NodeDirectory(options.edgeLabel);
    this.#budget = new CreditBudget(memoryBytes);
    const registry = this.#registry;
    const peers = (): Peers => this.#peers;
    this.#metrics = new ServerMetrics({
      sessions: function* () { yield* registry.all(); yield* peers().all; },
      nodes: () => registry.nodeCount,
      peers: () => peers().sessions.length,
    });
    const tunnel = this.#tunnel();
    this.#peers = new Peers({
      instance,
      budget: this.#budget,
      config,
      dial: async (peer, signal) => await this.#dialPeer(peer, signal),
      stream: (stream, deadlineMs) => void tunnel.serve(stream, deadlineMs),
      events: {
        connected: (name) => log.info({ peer: name }, 'peer connected'),
        ended: (name, end) => log.info({ peer: name, ...end }, 'peer session over'),
        failed: ({ name }, error) => log.warn({ peer: name, reason: (error as Error).message }, 'peer not reached'),
      },
    });
    this.#servers = {
      connect: this.#connectServer(tunnel),
      agents: sessionServer(this.#agentFiles, (socket) => this.#acceptAgent(socket), this.#handshakeFailed('agents')),
      peers: sessionServer(this.#ownFiles, (socket) => this.#acceptPeer(socket), this.#handshakeFailed('peers')),
    };
    this.#refresh = setInterval(() => this.#rereadFiles(), options.refreshMs);
  }

  get metrics(): Registry {
    return this.#metrics.registry;
  }

  /** Nodes that have a session here. */
  get nodeCount(): number {
    return this.#registry.nodeCount;
  }

  portOf(port: Port): number {
    return (this.#servers[port].address() as AddressInfo).port;
  }

  /** Why it cannot do its work, or undefined. */
  get notReady(): string | undefined {
    if (this.#draining) return 'this server is being stopped';
    return this.#directory.synced ? undefined : 'the nodes of the cluster are not known yet';
  }

  /** The nodes that there are: sessions of those that are gone end. */
  setNodes(nodes: Iterable<KubeNode>): void {
    for (const node of this.#directory.update(nodes)) {
      this.#registry.revoke(node, `node ${node} was deleted`);
      this.#registry.forget(node);
    }
  }

  /** The servers that there are; this one may be among them. */
  setPeers(peers: readonly Peer[]): void {
    this.#peers.update(peers);
  }

  /**
   * Sends the agents to other servers, serves what is open to its end, and stops.
   *
   * @param drainMs how long that may take
   * @param forgottenMs how long new connections still come after this server has said that it is not ready
   */
  async drain(drainMs: number, forgottenMs: number): Promise<void> {
    this.#draining = true;
    this.#log.info('draining');
    for (const session of this.#registry.all()) session.drain('this server is being stopped');
    const { connect } = this.#servers;
    const deadline = Date.now() + drainMs;
    await sleep(Math.min(drainMs, forgottenMs));
    connect.close();
    const left = async (): Promise<number> => await new Promise((resolve) => connect.getConnections((_, count) => resolve(count)));
    const carried = (): number => [...this.#registry.all()].reduce((sum, { streamCount }) => sum + streamCount, 0);
    while (Date.now() < deadline && ((await left()) > 0 || carried() > 0)) await sleep(100);
    await this.stop();
  }

  /** Ends everything now. */
  async stop(): Promise<void> {
    this.#draining = true;
    clearInterval(this.#refresh);
    this.#peers.close();
    for (const session of [...this.#registry.all(), ...this.#peers.all]) session.close('CANCELLED', 'this server was stopped');
    for (const server of Object.values(this.#servers)) server.close();
    (this.#servers.connect as unknown as { closeAllConnections(): void }).closeAllConnections();
    await sleep(50); // for the last words to leave
    this.#log.info('stopped');
  }

  #tunnel(): TunnelServer {
    const { kubeletPort, directCidrs, dialMs, log } = this.#options;
    return new TunnelServer({
      router: new Router({ directory: this.#directory, kubeletPort, directCidrs }),
      registry: this.#registry,
      sessions: () => this.#peers.sessions,
      dialMs,
      events: {
        connected: ({ client, target }, via, ms) => {
          this.#metrics.connects.inc({ status: '200', via });
          this.#metrics.dialSeconds.observe({ via }, ms / 1000);
          log.debug({ client, target, via, ms }, 'connected');
        },
        done: (stream, error) => {
          this.#metrics.meter.closed(stream);
          log.debug({ stream: stream.id, target: stream.target, sentBytes: stream.sentBytes, receivedBytes: stream.receivedBytes, ...(error && { code: error.code, reason: error.message, by: error.by }) }, 'stream over');
        },
      },
    });
  }

  #connectServer(tunnel: TunnelServer): ReturnType<typeof connectFront> {
    return connectFront({
      files: this.#ownFiles,
      clients: this.#options.clients,
      connect: async (request) => await tunnel.connect(request),
      refused: (client, target, { status, message }) => {
        this.#metrics.connects.inc({ status: String(status), via: 'none' });
        this.#log.warn({ client, target, status, reason: message }, 'not connected');
      },
      failed: this.#handshakeFailed('connect'),
    });
  }

  #acceptAgent(socket: TLSSocket): void {
    const { instance, session: config = {} } = this.#options;
    acceptAgent(socket, {
      instance,
      directory: this.#directory,
      registry: this.#registry,
      budget: this.#budget,
      config,
      draining: () => this.#draining,
      revoked: (serialNumber) => this.#revocations.has(serialNumber),
      events: this.#agentEvents,
    });
  }

  readonly #agentEvents: Parameters<typeof acceptAgent>[1]['events'] = {
    connected: (node, { peerInstance }) => {
      this.#metrics.agentConnects.inc();
      this.#log.info({ node, agent: peerInstance }, 'agent connected');
    },
    refused: (node, reason) => {
      this.#metrics.agentRefusals.inc();
      this.#log.warn({ node, reason }, 'agent refused');
    },
    ended: (node, { peerInstance }, end) => {
      this.#metrics.sessionEnds.inc({ reason: end.code });
      this.#log.info({ node, agent: peerInstance, ...end }, 'agent session over');
    },
  };

  #acceptPeer(socket: TLSSocket): void {
    // The same authority signs the clients of the CONNECT port: only a server may be a peer.
    if (socket.getPeerCertificate().subject?.CN === serverName) return this.#peers.accept(socket);
    this.#handshakeFailed('peers')(new Error("its certificate is not a tunnel server's"), socket.remoteAddress ?? '');
    socket.on('error', () => {});
    socket.destroy();
  }

  async #dialPeer({ address, port = this.#options.listen.peers.port }: Peer, signal: AbortSignal): Promise<TLSSocket> {
    const socket = tlsConnect({ ...tlsPolicy, ...secureContextOf(this.#ownFiles), host: address, port, servername: serverName, ALPNProtocols: [alpnProtocol] });
    try {
      await once(socket, 'secureConnect', { signal: AbortSignal.any([signal, AbortSignal.timeout(this.#options.dialMs)]) });
      return socket;
    } catch (error) {
      socket.on('error', () => {});
      socket.destroy();
      throw error;
    }
  }

  #rereadFiles(): void {
    const { connect, agents, peers } = this.#servers;
    if (this.#agentFiles.refresh()) agents.setSecureContext({ ...tlsPolicy, ...secureContextOf(this.#agentFiles) });
    if (this.#ownFiles.refresh()) for (const server of [connect, peers]) server.setSecureContext({ ...tlsPolicy, ...secureContextOf(this.#ownFiles) });
    if (!this.#revocations.refresh()) return;
    for (const session of this.#registry.all()) {
      if (this.#revocations.has(session.socket.getPeerCertificate().serialNumber)) session.close('REVOKED', 'the certificate was revoked');
    }
  }

  #handshakeFailed(port: Port): (error: Error, from: string) => void {
    return (error, from) => {
      this.#metrics.handshakeFailures.inc({ port });
      this.#log.warn({ port, from, reason: error.message }, 'handshake failed');
    };
  }
}
