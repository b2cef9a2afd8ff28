import { readFileSync } from 'node:fs';
import { pino } from 'pino';
import { Agent, type AgentOptions } from '../agent/agent.ts';
import { Credentials } from '../agent/credentials.ts';
import type { Log } from '../common/log.ts';
import type { KubeNode } from '../server/node-directory.ts';
import { RunningServer, type ServeOptions } from '../server/serve.ts';
import { Client } from './client.ts';
import { Origin } from './origin.ts';
import { Pki, type PairPaths } from './pki.ts';
import { until } from './until.ts';

/** Silence is found within 0.7 s. */
export const quick = { pingAfterMs: 200, pongWithinMs: 300, tickMs: 75, helloWithinMs: 500 };

/** An edge node, as the API server has it. */
export const edgeNode = (name: string, rest: { readonly uid?: string; readonly address?: string; readonly podCidr?: string; readonly tier?: string } = {}): KubeNode => ({
  metadata: { name, uid: rest.uid ?? `uid of ${name}`, labels: { tier: rest.tier ?? 'edge' } },
  ...(rest.podCidr !== undefined && { spec: { podCIDRs: [rest.podCidr] } }),
  status: { addresses: [{ type: 'Hostname', address: name }, ...(rest.address === undefined ? [] : [{ type: 'InternalIP', address: rest.address }])] },
});

export interface RunningAgent extends AsyncDisposable {
  readonly agent: Agent;
  /** As SIGTERM does it. */
  stop(): Promise<void>;
}

/** Servers, agents and an origin that stands for every kubelet, all in this process, on real sockets. */
export class World implements AsyncDisposable {
  readonly pki: Pki;
  readonly kubelet: Origin;
  readonly servers: RunningServer[] = [];
  /** What all of them have logged, parsed. */
  readonly logs: Record<string, unknown>[] = [];
  /** Closed in the order of the last that came. */
  readonly stack: AsyncDisposableStack;
  readonly #log: Log;

  private constructor(pki: Pki, kubelet: Origin, stack: AsyncDisposableStack) {
    this.pki = pki;
    this.kubelet = kubelet;
    this.stack = stack;
    this.#log = pino({ level: 'debug', base: null }, { write: (line: string) => void this.logs.push(JSON.parse(line) as Record<string, unknown>) });
  }

  static async create(): Promise<World> {
    await using stack = new AsyncDisposableStack();
    const pki = stack.use(await Pki.create());
    const kubelet = stack.use(await Origin.listen());
    return new World(pki, kubelet, stack.move());
  }

  /** A server that knows the nodes given, and no peers. @param nodes none: they are not known yet */
  async server(nodes?: readonly KubeNode[], options: Partial<ServeOptions> = {}): Promise<RunningServer> {
    const { pki } = this;
    const any = { host: '127.0.0.1', port: 0 };
    const instance = options.instance ?? `server-${this.servers.length}`;
    const server = await RunningServer.start({
      instance,
      log: this.#log.child({ instance }),
      listen: { connect: any, agents: any, peers: any },
      paths: { ...pki.pair('server'), ca: pki.path('tunnel-ca.crt'), nodeCa: pki.path('cluster-ca.crt') },
      clients: new Map([['kube-apiserver', 'cluster'], ['metrics-server', 'kubelets']]),
      edgeLabel: 'tier=edge',
      kubeletPort: this.kubelet.port,
      directCidrs: [],
      dialMs: 2000,
      refreshMs: 3_600_000,
      memoryBytes: 256 * 1024 * 1024,
      session: quick,
      ...options,
    });
    if (nodes !== undefined) server.setNodes(nodes);
    this.servers.push(server);
    this.stack.use(server);
    return server;
  }

  /** Tells all servers of each other, and waits until they are connected. */
  async peer(...servers: readonly RunningServer[]): Promise<void> {
    const peers = servers.map((server) => ({ name: `server-${this.servers.indexOf(server)}`, address: '127.0.0.1', port: server.portOf('peers') }));
    for (const server of servers) server.setPeers(peers);
    for (const server of servers) await until('all servers are connected', metric(server, 'edge_tunnel_server_peers', servers.length - 1));
  }

  async nodePair(node: string): Promise<PairPaths> {
    return await this.pki.writePair(node, await this.pki.node(node));
  }

  /** An agent that dials a port; it is not waited for. @param pair default: a new certificate of that node */
  async agent(node: string, port: number, { pair, ca, drainMs = 0, ...options }: Partial<AgentOptions> & { readonly pair?: PairPaths; readonly ca?: string; readonly drainMs?: number } = {}): Promise<RunningAgent> {
    const agent = new Agent({
      log: this.#log.child({ agent: node }),
      credentials: new Credentials({ ...(pair ?? (await this.nodePair(node))), ca: ca ?? this.pki.path('tunnel-ca.crt') }),
      server: { host: '127.0.0.1', port },
      kubelet: { host: '127.0.0.1', port: this.kubelet.port },
      podInterface: 'lo',
      reconnectCapMs: 300,
      connectTimeoutMs: 1000,
      refreshMs: 3_600_000,
      memoryBytes: 64 * 1024 * 1024,
      session: quick,
      ...options,
    });
    const stopped = new AbortController();
    const running = agent.run(stopped.signal, drainMs);
    const stop = async (): Promise<void> => {
      stopped.abort();
      await running;
    };
    const started: RunningAgent = { agent, stop, [Symbol.asyncDispose]: stop };
    this.stack.use(started);
    return started;
  }

  /** An agent that is connected to a server. */
  async connected(node: string, server: RunningServer, options: Parameters<World['agent']>[2] = {}): Promise<RunningAgent> {
    const before = server.nodeCount;
    const started = await this.agent(node, server.portOf('agents'), options);
    await until(`the agent of ${node} is connected`, () => server.nodeCount > before && started.agent.notReady === undefined);
    return started;
  }

  async client(server: RunningServer, who: 'apiserver' | 'metrics-server' = 'apiserver'): Promise<Client> {
    const read = (path: string): string => readFileSync(path, 'utf8');
    const { cert, key } = this.pki.pair(who);
    const client = await Client.dial({ port: server.portOf('connect'), tls: { cert: read(cert), key: read(key), ca: this.pki.tunnelCa.certPem } });
    this.stack.defer(() => void client.socket.destroy());
    return client;
  }

  async unixClient(path: string): Promise<Client> {
    const client = await Client.dialUnix(path);
    this.stack.defer(() => void client.socket.destroy());
    return client;
  }

  /** Asks a server for a target, and waits for the answer. */
  async connect(server: RunningServer, target: string, head = ''): Promise<Client> {
    return await (await this.client(server)).connect(target, head);
  }

  /** The kubelet of a node, by name. */
  kubeletOf(node: string): string {
    return `${node}:${this.kubelet.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stack.disposeAsync();
  }
}

/** Whether a metric has a value: to be waited for. */
export const metric = (of: { readonly metrics: RunningServer['metrics'] }, name: string, value: number, labels: Readonly<Record<string, string>> = {}) => async (): Promise<boolean> => (await valueOf(of, name, labels)) === value;

/** A metric's value, summed over the labels that are not given. */
export async function valueOf({ metrics }: { readonly metrics: RunningServer['metrics'] }, name: string, labels: Readonly<Record<string, string>> = {}): Promise<number> {
  const found = (await metrics.getMetricsAsJSON()).find((one) => one.name === name);
  if (found === undefined) throw new Error(`there is no metric ${name}`);
  const matching = (found.values as readonly { value: number; labels: Record<string, unknown>; metricName?: string }[])
    .filter(({ labels: of, metricName }) => (metricName === undefined || metricName === name) && Object.entries(labels).every(([key, value]) => of[key] === value));
  return matching.reduce((sum, one) => sum + one.value, 0);
}
