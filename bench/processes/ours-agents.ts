import { Agent } from '../../components/tunnel/agent/agent.ts';
import { Credentials } from '../../components/tunnel/agent/credentials.ts';
import { createLog } from '../../components/tunnel/common/log.ts';
import { agentNode } from '../credentials.ts';
import { announce } from './announce.ts';

// node ours-agents.ts FOLDER SERVER-PORT ORIGIN-PORT COUNT
const [folder = '', serverPort = '', originPort = '', count = '1'] = process.argv.slice(2);
const log = createLog('edge-tunnel-agent', 'fatal');
const agents = Array.from({ length: Number(count) }, (_, number) => new Agent({
  log,
  credentials: new Credentials({ cert: `${folder}/${agentNode(number)}.crt`, key: `${folder}/${agentNode(number)}.key`, ca: `${folder}/ca.crt` }),
  server: { host: '127.0.0.1', port: Number(serverPort) },
  kubelet: { host: '127.0.0.1', port: Number(originPort) },
  reconnectCapMs: 2500,
  connectTimeoutMs: 10_000,
  refreshMs: 3_600_000,
  memoryBytes: 64 * 1024 * 1024,
}));
for (const agent of agents) void agent.run(new AbortController().signal, 0);
announce({}, { connected: () => agents.filter(({ notReady }) => notReady === undefined).length });
