import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { connectSession } from '../common/connect-session.ts';
import { startHealth } from '../common/health.ts';
import { until } from '../testing/until.ts';
import { Wan } from '../testing/wan.ts';
import { edgeNode, metric, valueOf, World } from '../testing/world.ts';
import { RunningServer } from './serve.ts';

const nodes = [edgeNode('edge-1')];

async function health(world: World, of: { readonly metrics: RunningServer['metrics']; readonly notReady: string | undefined }): Promise<(path: string, method?: string) => Promise<string>> {
  const server = world.stack.use(await startHealth({ host: '127.0.0.1', port: 0, registry: of.metrics, notReady: () => of.notReady }));
  const { port } = server.address() as { port: number };
  return async (path, method = 'GET') => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { method, headers: { connection: 'close' } });
    return `${response.status} ${(await response.text()).trim()}`;
  };
}

test('health tells the truth: before nodes are known, with and without a session, while draining', async () => {
  await using world = await World.create();
  const server = await world.server();
  const wan = world.stack.use(await Wan.to(server.portOf('agents')));
  const { agent } = await world.agent('edge-1', wan.port);
  const [ofServer, ofAgent] = [await health(world, server), await health(world, agent)];
  assert.equal(await ofServer('/readyz'), '503 the nodes of the cluster are not known yet');
  assert.equal(await ofServer('/healthz'), '200 ok');
  assert.equal(await ofAgent('/readyz'), '503 no session to a tunnel server');
  server.setNodes(nodes);
  assert.equal(await ofServer('/readyz'), '200 ok');
  await until('the agent is ready', async () => (await ofAgent('/readyz?verbose')) === '200 ok');
  wan.down();
  await until('the agent says so', async () => (await ofAgent('/readyz')) === '503 no session to a tunnel server');
  assert.equal(await ofAgent('/healthz'), '200 ok');
  wan.up();
  await until('the agent is ready again', async () => (await ofAgent('/readyz')) === '200 ok');
  const over = server.drain(5000, 50);
  assert.equal(await ofServer('/readyz'), '503 this server is being stopped');
  await over;
  assert.match(await ofServer('/else'), /^404 there are/);
  assert.equal(await ofServer('/healthz', 'POST'), '405 GET only');
  const text = await ofAgent('/metrics');
  assert.match(text, /^edge_tunnel_agent_connects_total [2-9]$/m);
  for (const name of ['edge_tunnel_sessions 0', 'edge_tunnel_streams 0', 'edge_tunnel_promised_bytes 0', 'edge_tunnel_dial_seconds_count 0', 'process_resident_memory_bytes ']) {
    assert.ok(text.includes(`\n${name}`), name);
  }
});

test('metrics count what happened, once', async () => {
  await using world = await World.create();
  const [first, second] = [await world.server(nodes), await world.server(nodes)];
  await world.peer(first, second);
  const { agent } = await world.connected('edge-1', second);
  for (const server of [first, second]) {
    const client = await world.connect(server, world.kubeletOf('edge-1'));
    await client.echo('x'.repeat(1000));
    assert.equal(await valueOf(agent, 'edge_tunnel_streams'), 1);
    client.socket.end();
    await until('it is over', () => client.closed);
    await until('and counted', metric(agent, 'edge_tunnel_streams', 0));
  }
  await world.connect(first, 'edge-1:1');
  const values = async (of: Parameters<typeof valueOf>[0]): Promise<number[]> => [await valueOf(of, 'edge_tunnel_sent_bytes_total'), await valueOf(of, 'edge_tunnel_received_bytes_total')];
  assert.deepEqual(await values(agent), [2000, 2000]);
  // It has carried one for a client, and one for a peer: the second came in and went out.
  await until('the relay is counted', async () => String(await values(second)) === '3000,3000');
  assert.deepEqual(await values(first), [1000, 1000]);
  assert.deepEqual([await valueOf(first, 'edge_tunnel_server_connects_total', { status: '403', via: 'none' }), await valueOf(first, 'edge_tunnel_server_connects_total', { status: '200', via: 'peer' })], [1, 1]);
  assert.equal(await valueOf(second, 'edge_tunnel_server_connects_total', { status: '200', via: 'agent' }), 1);
  assert.deepEqual([await valueOf(second, 'edge_tunnel_server_nodes'), await valueOf(first, 'edge_tunnel_server_nodes'), await valueOf(first, 'edge_tunnel_server_peers')], [1, 0, 1]);
  const dials = (await agent.metrics.getMetricsAsJSON()).find(({ name }) => name === 'edge_tunnel_dial_seconds')!.values as readonly { metricName?: string; value: number }[];
  assert.equal(dials.find(({ metricName }) => metricName === 'edge_tunnel_dial_seconds_count')?.value, 2);
});

test('logs hold no key, no certificate and nothing of what is carried', async () => {
  await using world = await World.create();
  const server = await world.server(nodes);
  const agent = await world.connected('edge-1', server);
  const client = await world.connect(server, world.kubeletOf('edge-1'), 'Authorization: Bearer of-a-secret');
  await until('it came back', () => client.received > 0);
  await world.connect(server, 'nowhere:1');
  client.breakOff();
  await agent.stop();
  await server.stop();
  const text = world.logs.map((line) => JSON.stringify(line)).join('\n');
  assert.match(text, /"node":"edge-1"/);
  assert.doesNotMatch(text, /of-a-secret|BEGIN|PRIVATE/);
  for (const name of ['server.key', 'edge-1.key', 'apiserver.key']) {
    const key = readFileSync(world.pki.path(name), 'utf8').split('\n')[1]!;
    assert.ok(key.length > 20 && !text.includes(key));
  }
});

test('a load balancer that only looks whether the port is open makes no noise; a client without a certificate does', async () => {
  await using world = await World.create();
  const server = await world.server(nodes);
  const probe = connect(server.portOf('agents'), '127.0.0.1');
  await once(probe, 'connect');
  probe.destroy();
  await until('the probe is seen', metric(server, 'edge_tunnel_server_handshake_failures_total', 1, { port: 'agents' }));
  assert.deepEqual(world.logs.filter(({ msg }) => msg === 'handshake failed').map(({ level }) => level), [20]);
  const other = connect(server.portOf('agents'), '127.0.0.1');
  other.on('error', () => {});
  other.write('GET / HTTP/1.1\r\n\r\n');
  await until('it is seen', metric(server, 'edge_tunnel_server_handshake_failures_total', 2, { port: 'agents' }));
  assert.deepEqual(world.logs.filter(({ msg }) => msg === 'handshake failed').map(({ level }) => level), [20, 40]);
});

test('who is slow with a handshake, or with saying who it is, is cut off at every port', async () => {
  await using world = await World.create();
  const server = await world.server(nodes, { handshakeTimeoutMs: 200 });
  const told = async (socket: Socket): Promise<void> => {
    socket.on('error', () => {});
    let over = false;
    for (const event of ['end', 'close']) socket.on(event, () => { over = true; });
    socket.resume();
    await until('it is cut off', () => over, 3000);
    socket.destroy();
  };
  await Promise.all((['connect', 'agents', 'peers'] as const).map(async (name) => {
    const socket = connect(server.portOf(name), '127.0.0.1');
    socket.write(Buffer.from([0x16, 3, 1, 2, 0, 1])); // the beginning of a ClientHello
    await told(socket);
  }));
  // One that gets through its handshake and says no HELLO.
  const { certPem: cert, keyPem: key } = await world.pki.node('edge-1');
  const tls = { cert, key, ca: world.pki.tunnelCa.certPem };
  await told(await connectSession({ server: { host: '127.0.0.1', port: server.portOf('agents') }, tls, timeoutMs: 2000, signal: new AbortController().signal }));
  assert.equal(server.nodeCount, 0);
  await until('nothing is left of them', metric(server, 'edge_tunnel_sessions', 0));
});

test('a port that is taken is an error, and leaves nothing behind', async () => {
  await using world = await World.create();
  const server = await world.server(nodes);
  const taken = { host: '127.0.0.1', port: server.portOf('connect') };
  const any = { host: '127.0.0.1', port: 0 };
  const before = process.getActiveResourcesInfo().filter((kind) => kind === 'TCPServerWrap' || kind === 'Timeout').length;
  await assert.rejects(world.server(nodes, { listen: { connect: any, agents: any, peers: taken } }), { code: 'EADDRINUSE' });
  await until('all is closed', () => process.getActiveResourcesInfo().filter((kind) => kind === 'TCPServerWrap' || kind === 'Timeout').length <= before);
});
