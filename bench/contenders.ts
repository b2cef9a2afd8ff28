import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { nodeFlags } from '../components/tunnel/common/node-flags.ts';
import { waitFor } from '../core/wait.ts';
import { Child, NodeChild, startProgram } from './child.ts';
import { agentNode, type BenchCredentials } from './credentials.ts';
import { contenders, type Contender } from './result.ts';

/** A contender that runs: where its CONNECT doors are, and the processes that are its tunnel over TCP. */
export interface Running {
  readonly name: Contender;
  readonly port: number;
  /** Path of the Unix socket. */
  readonly unixPath?: string;
  readonly target?: string;
  readonly server?: Child;
  readonly agent?: Child;
}

export interface ContenderOptions {
  readonly credentials: BenchCredentials;
  readonly originPort: number;
  readonly only: readonly Contender[];
  /** Where our server and agent write their CPU profiles when they end. Default: none. */
  readonly profileFolder?: string;
  /** Whether Unix sockets are needed too. */
  readonly unix: boolean;
  /** Folder with konnectivity's programs. */
  readonly programs: string;
  readonly stack: AsyncDisposableStack;
  readonly signal: AbortSignal;
}

interface Port { port: number }

const starters: Readonly<Record<Contender, (options: ContenderOptions) => Promise<Running>>> = {
  direct: async ({ originPort }) => ({ name: 'direct', port: originPort }),
  'tls-pipe': startPipe,
  ours: startOurs,
  konnectivity: startKonnectivity,
};

/** Starts the contenders before the same origin, with the same certificates. What is started is on the stack. */
export async function startContenders(options: ContenderOptions): Promise<Running[]> {
  const running: Running[] = [];
  for (const name of contenders) if (options.only.includes(name)) running.push(await starters[name](options));
  return running;
}

/** As many TLS hops as the others have, a connection and a handshake for each stream, and nothing else. */
async function startPipe({ credentials: { folder }, originPort, stack }: ContenderOptions): Promise<Running> {
  const agent = stack.use(await NodeChild.start<Port>('pipe-agent', [folder, originPort]));
  const unixPath = join(folder, 'tls-pipe.sock');
  const server = stack.use(await NodeChild.start<Port>('pipe-server', [folder, agent.facts.port, unixPath]));
  return { name: 'tls-pipe', port: server.facts.port, unixPath, target: `127.0.0.1:${originPort}`, server, agent };
}

async function startOurs({ credentials: { folder }, originPort, profileFolder, stack, signal }: ContenderOptions): Promise<Running> {
  const flags = (name: string): string[] => [...nodeFlags, ...(profileFolder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`, `--cpu-prof-name=${name}.cpuprofile`])];
  const unixPath = join(folder, 'ours.sock');
  const server = stack.use(await NodeChild.start<Port & { agentsPort: number }>('ours-server', [folder, originPort, 1, 0, unixPath], flags('server')));
  const agent = stack.use(await NodeChild.start<object>('ours-agents', [folder, server.facts.agentsPort, originPort, 1], flags('agent')));
  await waitFor('our agent', async () => ((await agent.ask<number>('connected')) === 1 ? { done: true } : { missing: 'it has no session' }), { timeoutMs: 20_000, signal });
  return { name: 'ours', port: server.facts.port, unixPath, target: `${agentNode(0)}:${originPort}`, server, agent };
}

/** konnectivity as an API server would use it: HTTP CONNECT, and mTLS between server and agent. Its server has one door: for two, two tunnels run. */
async function startKonnectivity(options: ContenderOptions): Promise<Running> {
  const { credentials: { folder, crt, key }, originPort, unix } = options;
  const [port] = await freePorts(1);
  const tcp = await konnectivity(options, { 'server-bind-address': '127.0.0.1', 'server-port': port, 'server-cert': crt('server'), 'server-key': key('server'), 'server-ca-cert': crt('ca') });
  const unixPath = join(folder, 'konnectivity.sock');
  if (unix) await konnectivity(options, { 'server-port': 0, 'uds-name': unixPath });
  return { name: 'konnectivity', port: port!, ...(unix && { unixPath }), target: `127.0.0.1:${originPort}`, ...tcp };
}

type Flags = Readonly<Record<string, string | number | undefined>>;

async function konnectivity({ credentials: { crt, key }, programs, stack, signal }: ContenderOptions, door: Flags): Promise<{ server: Child; agent: Child }> {
  const [agentPort, admin, health, agentAdmin, agentHealth] = await freePorts(5);
  const flags = (values: Flags): string[] => Object.entries(values).map(([name, value]) => `--${name}=${value}`);
  const server = stack.use(startProgram(join(programs, 'konnectivity-server'), flags({
    mode: 'http-connect',
    ...door,
    'agent-bind-address': '127.0.0.1', 'agent-port': agentPort, 'cluster-cert': crt('server'), 'cluster-key': key('server'), 'cluster-ca-cert': crt('nodes'),
    'admin-port': admin, 'health-bind-address': '127.0.0.1', 'health-port': health, 'server-count': 1, 'proxy-strategies': 'default',
  })));
  const agent = stack.use(startProgram(join(programs, 'konnectivity-agent'), flags({
    'proxy-server-host': '127.0.0.1', 'proxy-server-port': agentPort, 'ca-cert': crt('ca'), 'agent-cert': crt('edge0'), 'agent-key': key('edge0'),
    'admin-server-port': agentAdmin, 'health-server-host': '127.0.0.1', 'health-server-port': agentHealth,
  })));
  await waitFor('konnectivity', async (look) => {
    // Both answer at /readyz once they have each other.
    const answers = await Promise.all([health, agentHealth].map(async (port) => (await fetch(`http://127.0.0.1:${port}/readyz`, { signal: look })).status));
    return answers.every((status) => status === 200) ? { done: true } : { missing: `readyz says ${answers.join(', ')}: ${server.said.slice(-300)} ${agent.said.slice(-300)}` };
  }, { timeoutMs: 30_000, signal });
  return { server, agent };
}

/** Ports that nobody has now. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map(async (server) => await new Promise((resolve) => server.once('listening', resolve))));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map(async (server) => await new Promise((resolve) => server.close(resolve))));
  return ports;
}
