import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { test } from 'node:test';
import { type ClusterState, type NodeState } from '../cluster/state.ts';
import { type Docker } from '../docker/docker.ts';
import { resumeWan, upstreamsOf } from './wan.ts';

const controlPlane: NodeState = { name: 'cp', tier: 'cloud', role: 'control-plane', address: '10.0.0.2' };
const worker: NodeState = { name: 'w', tier: 'cloud', role: 'worker', address: '10.0.0.3' };
const edge: NodeState = { name: 'e', tier: 'edge', role: 'worker', site: 'east', address: '10.0.0.4' };

test('the tunnel is behind a cloud worker, or behind the control plane when there is none', () => {
  assert.deepEqual(upstreamsOf([edge, worker, controlPlane]), { apiserver: '10.0.0.2', tunnel: '10.0.0.3' });
  assert.deepEqual(upstreamsOf([edge, controlPlane]), { apiserver: '10.0.0.2', tunnel: '10.0.0.2' });
  assert.throws(() => upstreamsOf([edge]), { code: 'CLUSTER_EMPTY' });
});

test('a WAN that was killed comes back at its address with its proxies; one that runs keeps those it has, also disabled ones', async () => {
  const calls: string[] = [];
  const proxies = new Map<string, object>();
  const server = createServer((request, response) => {
    const [, , name, toxics] = request.url?.split('/') ?? [];
    let body = '';
    request.on('data', (chunk) => { body += chunk; }).on('end', () => {
      if (request.method === 'POST') {
        const made = JSON.parse(body) as { name: string; enabled?: boolean };
        if (toxics === undefined) proxies.set(made.name, { ...made, toxics: [] });
        calls.push(`${toxics === undefined ? 'proxy' : 'toxic'} ${made.name}`);
      }
      const proxy = proxies.get(name ?? (body === '' ? '' : (JSON.parse(body) as { name: string }).name));
      if (request.url === '/version') response.end('{"version":"2"}');
      else if (proxy === undefined || (toxics !== undefined && request.method === 'GET')) response.writeHead(404).end('{"error":"not found"}');
      else response.end(JSON.stringify(proxy));
    });
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  let running = false;
  const docker = {
    inspect: async () => ({ State: { Running: running } }),
    run: async (argv: string[]) => {
      if (argv[0] === 'port') return { code: 0, stdout: `127.0.0.1:${(server.address() as AddressInfo).port}`, stderr: '' };
      calls.push(argv.filter((word) => !word.startsWith('-') && !word.startsWith('{{')).join(' '));
      if (argv[0] === 'start') running = true;
      return { code: 0, stdout: 'null', stderr: '' };
    },
  } as unknown as Docker;
  const cluster = { name: 'dev', network: { name: 'n' }, nodes: [controlPlane, worker, edge], wans: [{ site: 'east', container: 'dev-wan-east', address: '10.0.0.9' }], topology: { sites: [{ name: 'east', wan: { latencyMs: 10, jitterMs: 2 } }] } } as unknown as ClusterState;
  try {
    const signal = AbortSignal.timeout(5000);
    await resumeWan(docker, cluster, 'east', signal);
    assert.deepEqual(calls.slice(0, 3), ['inspect dev-wan-east', 'network connect 10.0.0.9 dev-wan-east n dev-wan-east', 'start dev-wan-east']);
    assert.deepEqual(calls.slice(3).sort(), ['proxy apiserver', 'proxy tunnel', 'toxic latency-downstream', 'toxic latency-downstream', 'toxic latency-upstream', 'toxic latency-upstream']);
    calls.length = 0;
    await resumeWan(docker, cluster, 'east', signal);
    assert.deepEqual(calls.filter((call) => !call.startsWith('toxic')), []);
    await assert.rejects(resumeWan(docker, cluster, 'west', signal), { code: 'WAN_GONE' });
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
