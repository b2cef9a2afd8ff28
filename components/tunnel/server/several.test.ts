import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Client } from '../testing/client.ts';
import { until } from '../testing/until.ts';
import { Wan } from '../testing/wan.ts';
import { edgeNode, metric, valueOf, World } from '../testing/world.ts';
import type { RunningServer } from './serve.ts';

const nodes = [edgeNode('edge-1'), edgeNode('edge-2'), edgeNode('edge-3')];

/** Servers that know each other. */
async function servers(world: World, count: number, options: Parameters<World['server']>[1] = {}): Promise<RunningServer[]> {
  const started: RunningServer[] = [];
  for (let number = 0; number < count; number += 1) started.push(await world.server(nodes, options));
  await world.peer(...started);
  return started;
}

test('every server reaches every agent, with bytes in bulk both ways', async () => {
  await using world = await World.create();
  const all = await servers(world, 3);
  for (const [index, server] of all.entries()) await world.connected(`edge-${index + 1}`, server);
  for (const server of all) for (const { metadata: { name } } of nodes) await (await world.connect(server, world.kubeletOf(name))).echo('hello');
  const [first] = all as [RunningServer];
  assert.equal(await valueOf(first, 'edge_tunnel_server_connects_total', { status: '200', via: 'agent' }), 1);
  assert.equal(await valueOf(first, 'edge_tunnel_server_connects_total', { status: '200', via: 'peer' }), 2);
  const client = await world.connect(first, world.kubeletOf('edge-2'));
  await client.echo(Buffer.alloc(8 << 20, 'x'));
  // A target that stops reading for a while: a relay that is not told when bytes that waited were sent stands still after it.
  const target = [...world.kubelet.sockets].at(-1)!;
  target.unpipe().pause();
  const back = client.echo(Buffer.alloc(8 << 20, 'y'));
  await until('the relay has no credit left', async () => (await valueOf(all[1]!, 'edge_tunnel_credit_stalls_total')) > 0);
  target.pipe(target);
  await back;
  client.socket.end();
  await until('the end passes through', () => client.closed);
  assert.deepEqual([client.ended, client.error], [true, undefined]);
});

test('losing a server loses its own streams, with an error, and no others', async () => {
  await using world = await World.create();
  const [first, second, third] = (await servers(world, 3)) as [RunningServer, RunningServer, RunningServer];
  await world.connected('edge-1', first);
  await world.connected('edge-2', second);
  await world.connected('edge-3', third);
  const through = async (server: RunningServer, node: string): Promise<Client> => {
    const client = await world.connect(server, world.kubeletOf(node));
    await client.echo('hello');
    return client;
  };
  const lost = [await through(second, 'edge-2'), await through(second, 'edge-1'), await through(first, 'edge-2')];
  const kept = [await through(first, 'edge-1'), await through(first, 'edge-3'), await through(third, 'edge-1')];
  await second.stop();
  await until('the lost ones are told', () => lost.every(({ closed }) => closed), 1500);
  for (const client of lost) assert.ok(client.wasCut, `${client.error}, ended: ${client.ended}`);
  for (const client of kept) await client.echo('still here');
});

test('a server that is stopped in order: what is open goes on, agents move, and no new call fails meanwhile', async () => {
  await using world = await World.create();
  const [first, second] = (await servers(world, 2)) as [RunningServer, RunningServer];
  // What the agent dials: the load balancer, which forgets a server that is not ready.
  const balancer = world.stack.use(await Wan.to(first.portOf('agents')));
  const agent = await world.agent('edge-1', balancer.port);
  await until('it is connected', () => first.nodeCount === 1);
  const idle = await world.connect(first, world.kubeletOf('edge-1'));
  await idle.echo('before');
  const over = first.drain(10_000, 100);
  assert.equal(first.notReady, 'this server is being stopped');
  balancer.leadTo(second.portOf('agents'));
  // From both, all the time: while it is at the first, on its way, and at the second.
  let calls = 0;
  while (second.nodeCount === 0 || calls < 20) {
    for (const server of second.nodeCount === 0 ? [first, second] : [second]) {
      const client = await world.connect(server, world.kubeletOf('edge-1')).catch(() => undefined);
      // The first one takes no new connections after a while.
      if (client === undefined || (client.status === 0 && server === first)) continue;
      assert.equal(client.status, 200, client.reason);
      client.socket.destroy();
      calls += 1;
    }
  }
  assert.equal(agent.agent.notReady, undefined);
  await idle.echo('still here');
  assert.deepEqual([first.nodeCount, second.nodeCount], [1, 1]);
  idle.socket.end();
  await until('the idle one ends well', () => idle.closed);
  assert.deepEqual([idle.ended, idle.error], [true, undefined]);
  await over;
  await (await world.connect(second, world.kubeletOf('edge-1'))).echo('and on');
});

test('a server that is being stopped is still a peer, also of one that has just started', async () => {
  await using world = await World.create();
  const first = await world.server(nodes);
  await world.connected('edge-1', first);
  const client = await world.connect(first, world.kubeletOf('edge-1'));
  await client.echo('hello');
  const over = first.drain(10_000, 1000);
  const second = await world.server(nodes);
  await world.peer(first, second);
  await (await world.connect(second, world.kubeletOf('edge-1'))).echo('hello');
  await first.stop();
  await over;
  first.setPeers([{ name: 'server-1', address: '127.0.0.1', port: second.portOf('peers') }]);
  await until('it is gone', metric(second, 'edge_tunnel_server_peers', 0));
});

test('a drain that takes too long ends, and its streams with an error', async () => {
  await using world = await World.create();
  const server = await world.server(nodes);
  await world.connected('edge-1', server);
  const client = await world.connect(server, world.kubeletOf('edge-1'));
  await client.echo('hello');
  await server.drain(300, 50);
  await until('it is told', () => client.closed, 1000);
  assert.ok(client.wasCut, `${client.error}, ended: ${client.ended}`);
});

test('a node whose old session is not known to be dead is reached where its new one is', async () => {
  await using world = await World.create();
  const slow = { pingAfterMs: 60_000, pongWithinMs: 60_000 };
  const [first, second] = (await servers(world, 2, { session: slow })) as [RunningServer, RunningServer];
  const wan = world.stack.use(await Wan.to(first.portOf('agents')));
  await world.agent('edge-1', wan.port);
  await until('it is connected', () => first.nodeCount === 1);
  wan.silence();
  await world.agent('edge-1', second.portOf('agents'));
  await until('it is at the other', () => second.nodeCount === 1);
  const client = await world.connect(first, world.kubeletOf('edge-1'));
  assert.equal(client.status, 200, client.reason);
  await client.echo('hello');
});

test('whichever server lost a node last says why and since when', async () => {
  await using world = await World.create();
  const [first, second] = (await servers(world, 2)) as [RunningServer, RunningServer];
  const wan = world.stack.use(await Wan.to(first.portOf('agents')));
  await world.agent('edge-1', wan.port, { reconnectCapMs: 60_000 });
  await until('it is connected', () => first.nodeCount === 1);
  wan.silence();
  await until('it is lost', () => first.nodeCount === 0);
  for (const server of [first, second]) {
    const { status, reason } = await world.connect(server, world.kubeletOf('edge-1'));
    assert.equal(status, 503);
    assert.match(reason, /^edge-tunnel: node edge-1 is not connected: its agent was lost \d+ s ago: silent for \d\.\d s$/);
  }
});

test('a server that does not know the nodes yet forbids nothing to its peers, and takes no agents in', async () => {
  await using world = await World.create();
  const first = await world.server(nodes);
  const second = await world.server();
  await world.peer(first, second);
  assert.equal(second.notReady, 'the nodes of the cluster are not known yet');
  await world.agent('edge-1', second.portOf('agents'));
  await until('the agent was refused', metric(second, 'edge_tunnel_server_agent_refusals_total', 1));
  const { status, reason } = await world.connect(first, world.kubeletOf('edge-1'));
  assert.deepEqual([status, reason], [503, 'edge-tunnel: node edge-1 is not connected: its agent has not been seen']);
  second.setNodes(nodes);
  assert.equal(second.notReady, undefined);
  await until('the agent is taken in', () => second.nodeCount === 1);
  await (await world.connect(first, world.kubeletOf('edge-1'))).echo('hello');
});

test('peers: one session of two, another after a restart, none with whoever has their address now', async () => {
  await using world = await World.create();
  const [first, second] = (await servers(world, 2)) as [RunningServer, RunningServer];
  // Told again, and again: nothing is dialled twice.
  await world.peer(first, second);
  await world.peer(first, second);
  assert.deepEqual([await valueOf(first, 'edge_tunnel_sessions'), await valueOf(second, 'edge_tunnel_sessions')], [1, 1]);
  const port = second.portOf('peers');
  await second.stop();
  await until('it is missed', metric(first, 'edge_tunnel_server_peers', 0));
  const any = { host: '127.0.0.1', port: 0 };
  // Another Pod has its address now, and the name says so.
  const other = await world.server(nodes, { instance: 'other', listen: { connect: any, agents: any, peers: { ...any, port } } });
  await until('it was dialled', () => world.logs.some(({ reason }) => reason === "this address is other's, not server-1's"));
  assert.equal(await valueOf(first, 'edge_tunnel_server_peers'), 0);
  await other.stop();
  const again = await world.server(nodes, { instance: 'server-1', listen: { connect: any, agents: any, peers: { ...any, port } } });
  await until('it is back', metric(first, 'edge_tunnel_server_peers', 1));
  await world.connected('edge-1', again);
  await (await world.connect(first, world.kubeletOf('edge-1'))).echo('hello');
  // It is gone from the list: its session ends when it does, and it is not dialled any more.
  first.setPeers([]);
  await again.stop();
  await until('it is gone', metric(first, 'edge_tunnel_sessions', 0));
});

test('a certificate of the right authority makes nobody a peer', async () => {
  await using world = await World.create();
  const server = await world.server(nodes, { paths: { ...world.pki.pair('apiserver'), ca: world.pki.path('tunnel-ca.crt'), nodeCa: world.pki.path('cluster-ca.crt') } }).catch(() => undefined);
  assert.ok(server);
  const second = await world.server(nodes);
  server.setPeers([{ name: 'server-1', address: '127.0.0.1', port: second.portOf('peers') }]);
  await until('it was refused', () => world.logs.some(({ msg }) => msg === "a peer was refused: its certificate is not a tunnel server's"));
  assert.equal(await valueOf(second, 'edge_tunnel_server_peers'), 0);
});
