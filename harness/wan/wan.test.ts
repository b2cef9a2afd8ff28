import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { CannotTellError } from '../../core/errors.ts';
import { type ClusterState, type NodeState } from '../cluster/state.ts';
import { type Docker } from '../docker/docker.ts';

const home = await mkdtemp(join(tmpdir(), 'edgeproof-wan-'));
process.env['EDGEPROOF_HOME'] = home;
const { deleteWan, resumeWan, upstreamsOf } = await import('./wan.ts');
after(async () => await rm(home, { recursive: true }));

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
    // What is written down of a WAN that was deleted is needed until another one serves.
    const written = join(home, 'clusters', 'dev', 'wan-east.image');
    await mkdir(dirname(written), { recursive: true });
    await writeFile(written, 'toxiproxy:1');
    await resumeWan(docker, cluster, 'east', signal);
    await assert.rejects(stat(written), { code: 'ENOENT' });
    assert.deepEqual(calls.filter((call) => !call.startsWith('toxic')), []);
    await assert.rejects(resumeWan(docker, cluster, 'west', signal), { code: 'WAN_GONE' });
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

test('of a WAN that is deleted it is written down, first, what it was made of; one that is gone is left gone', async () => {
  await mkdir(join(home, 'clusters', 'dev'), { recursive: true });
  let there = true;
  const written = async (): Promise<string> => await readFile(join(home, 'clusters', 'dev', 'wan-east.image'), 'utf8');
  const docker = {
    inspect: async () => {
      if (!there) throw new CannotTellError('CONTAINER_GONE', 'no container');
      return { State: { Running: true }, Config: { Image: 'toxiproxy:1' } };
    },
    run: async (argv: string[]) => {
      assert.deepEqual([argv[0], argv.at(-1)], ['rm', 'dev-wan-east']);
      assert.equal(await written(), 'toxiproxy:1');
      there = false;
      return { code: 0, stdout: '', stderr: '' };
    },
  } as unknown as Docker;
  const signal = AbortSignal.timeout(5000);
  await deleteWan(docker, 'dev', 'east', signal);
  await deleteWan(docker, 'dev', 'east', signal);
  assert.equal(await written(), 'toxiproxy:1');
  // What nobody wrote down is not made up.
  const cluster = { name: 'dev', network: { name: 'n' }, nodes: [controlPlane], wans: [{ site: 'west', container: 'dev-wan-west', address: '10.0.0.8' }], topology: { sites: [{ name: 'west', wan: {} }] } } as unknown as ClusterState;
  await assert.rejects(resumeWan(docker, cluster, 'west', signal), { code: 'WAN_GONE', message: /edgeproof has not deleted it/ });
});
