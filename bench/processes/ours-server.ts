import { createLog } from '../../components/tunnel/common/log.ts';
import { RunningServer } from '../../components/tunnel/server/serve.ts';
import { agentNode, clientName } from '../credentials.ts';
import { announce, memory } from './announce.ts';

// node ours-server.ts FOLDER ORIGIN-PORT NODES [AGENTS-PORT [UNIX-PATH]]
const [folder = '', originPort = '', nodes = '1', agentsPort = '0', connectSocket] = process.argv.slice(2);
const path = (name: string): string => `${folder}/${name}`;
const any = { host: '127.0.0.1', port: 0 };
const server = await RunningServer.start({
  instance: 'bench',
  log: createLog('edge-tunnel-server', 'error'),
  listen: { connect: any, agents: { host: '127.0.0.1', port: Number(agentsPort) }, peers: any },
  connectSocket,
  paths: { cert: path('server.crt'), key: path('server.key'), ca: path('ca.crt'), nodeCa: path('nodes.crt') },
  clients: new Map([[clientName, 'cluster']]),
  edgeLabel: 'tier=edge',
  kubeletPort: Number(originPort),
  directCidrs: [],
  dialMs: 4000,
  refreshMs: 3_600_000,
  memoryBytes: 256 * 1024 * 1024,
});
server.setNodes(Array.from({ length: Number(nodes) }, (_, number) => ({ metadata: { name: agentNode(number), uid: String(number), labels: { tier: 'edge' } } })));
announce({ port: server.portOf('connect'), agentsPort: server.portOf('agents') }, { memory, nodes: () => server.nodeCount });
