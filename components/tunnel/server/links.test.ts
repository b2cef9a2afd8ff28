import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Client } from '../testing/client.ts';
import { until } from '../testing/until.ts';
import { Wan } from '../testing/wan.ts';
import { edgeNode, valueOf, World } from '../testing/world.ts';
import type { RunningServer } from './serve.ts';

const nodes = [edgeNode('edge-1'), edgeNode('edge-2')];

async function behindWan(world: World, server: RunningServer, node = 'edge-1'): Promise<Wan> {
  const before = server.nodeCount;
  const wan = world.stack.use(await Wan.to(server.portOf('agents')));
  const { agent } = await world.agent(node, wan.port);
  await until('it is connected', () => server.nodeCount === before + 1 && agent.notReady === undefined);
  return wan;
}

async function reached(world: World, server: RunningServer, node = 'edge-1'): Promise<Client> {
  const client = await world.connect(server, world.kubeletOf(node));
  assert.equal(client.status, 200, client.reason);
  await client.echo('hello');
  return client;
}

/** Nothing but errors, for all of them, within the time that the design promises. */
async function allCut(clients: readonly Client[], timeoutMs = 1000): Promise<void> {
  await until('all clients are told', () => clients.every(({ closed }) => closed), timeoutMs);
  for (const client of clients) assert.ok(client.wasCut, `${client.error}, ended: ${client.ended}`);
}

for (const how of ['reset', 'close', 'silence'] as const) {
  test(`a link that breaks (${how}): streams end with an error, calls fail at once with the reason, and it comes back`, async () => {
    await using world = await World.create();
    const server = await world.server(nodes, { dialMs: 300 });
    const wan = await behindWan(world, server);
    await world.connected('edge-2', server);
    const clients = await Promise.all(Array.from({ length: 10 }, async () => await reached(world, server)));
    const other = await reached(world, server, 'edge-2');
    // One of them in the middle of a transfer.
    clients[0]!.socket.write(Buffer.alloc(4 << 20));
    const before = world.kubelet.sockets.size;
    if (how === 'silence') {
      wan.silence();
      const startedAt = performance.now();
      const { status, reason } = await world.connect(server, world.kubeletOf('edge-1'));
      assert.ok(performance.now() - startedAt < 1500);
      assert.match(`${status} ${reason}`, /^(504 edge-tunnel: node edge-1: no answer within 0\.3 s|503 edge-tunnel: node edge-1.*silent for \d\.\d s)$/);
      await allCut(clients, 2000);
    } else {
      wan.down(how);
      await allCut(clients);
    }
    await until('the kubelet is told', () => world.kubelet.sockets.size <= before - 10, 2000);
    await until('the agent is missed', () => server.nodeCount === 1);
    const startedAt = performance.now();
    const { status, reason } = await world.connect(server, world.kubeletOf('edge-1'));
    assert.equal(status, 503);
    assert.match(reason, /^edge-tunnel: node edge-1 is not connected: its agent was lost \d s ago: ./);
    assert.ok(performance.now() - startedAt < 1000);
    await other.echo('still here');
    wan.up();
    // A dial that hangs takes a second here, and the backoff 0.3 s.
    await until('it is back', () => server.nodeCount === 2, 3000);
    await reached(world, server);
  });
}

test('an agent that is killed and started again at once: the old session\'s end does not touch the new', async () => {
  await using world = await World.create();
  const server = await world.server(nodes);
  const wan = await behindWan(world, server);
  const old = await reached(world, server);
  // Its host has lost power: no FIN, no RST.
  wan.silence();
  const again = await world.agent('edge-1', server.portOf('agents'));
  await until('the new one is connected', () => again.agent.notReady === undefined);
  const stream = await reached(world, server);
  await until('the old session is found dead', () => old.closed);
  assert.ok(old.wasCut);
  assert.equal(await valueOf(server, 'edge_tunnel_sessions'), 1);
  await stream.echo('still here');
  await reached(world, server);
  // And killed as a process is.
  await again.stop();
  await until('it is missed', () => server.nodeCount === 0);
  await allCut([stream]);
  await world.connected('edge-1', server);
  await reached(world, server);
});

test('a call that was begun when a session had lost its end unnoticed comes through the one that takes its place', async () => {
  await using world = await World.create();
  // As it is used: that the link is dead is found after ten seconds.
  const server = await world.server(nodes, { dialMs: 10_000, session: {} });
  const wan = await behindWan(world, server);
  const running = await reached(world, server);
  wan.silence();
  const call = world.connect(server, world.kubeletOf('edge-1'));
  await until('it has gone into the old one', async () => (await valueOf(server, 'edge_tunnel_streams')) === 2);
  const startedAt = performance.now();
  await world.agent('edge-1', server.portOf('agents'));
  const { status, reason } = await call;
  assert.equal(status, 200, reason);
  assert.ok(performance.now() - startedAt < 2000, `it took ${performance.now() - startedAt} ms`);
  // What was open there is not touched: nobody has said that it is over.
  assert.equal(running.closed, false);
});

test('two agents with one identity take turns, ever more slowly, and the node stays within reach', async () => {
  await using world = await World.create();
  const server = await world.server(nodes);
  await world.connected('edge-1', server, { reconnectCapMs: 60_000 });
  await world.agent('edge-1', server.portOf('agents'), { reconnectCapMs: 60_000 });
  const startedAt = performance.now();
  let calls = 0;
  while (performance.now() - startedAt < 1500) {
    const client = await reached(world, server);
    client.socket.destroy();
    calls += 1;
  }
  const sessions = await valueOf(server, 'edge_tunnel_server_agent_sessions_total');
  assert.ok(calls > 10 && sessions >= 2 && sessions < 12, `${calls} calls, ${sessions} sessions`);
});

test('a server is restarted under fifty agents: all are back', async () => {
  await using world = await World.create();
  const many = Array.from({ length: 50 }, (_, number) => edgeNode(`edge-${number}`));
  const any = { host: '127.0.0.1', port: 0 };
  const first = await world.server(many);
  const port = first.portOf('agents');
  const pairs = await Promise.all(many.map(async ({ metadata: { name } }) => await world.nodePair(name)));
  await Promise.all(many.map(async ({ metadata: { name } }, index) => await world.agent(name, port, { pair: pairs[index]! })));
  await until('all are connected', () => first.nodeCount === 50);
  await first.stop();
  const second = await world.server(many, { listen: { connect: any, agents: { ...any, port }, peers: any } });
  await until('all are back', () => second.nodeCount === 50);
  await Promise.all(many.map(async ({ metadata: { name } }) => await reached(world, second, name)));
  // Nobody has come twice.
  assert.equal(await valueOf(second, 'edge_tunnel_server_agent_sessions_total'), 50);
});
