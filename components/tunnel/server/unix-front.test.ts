import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { Origin } from '../testing/origin.ts';
import { SilentAgent } from '../testing/silent-agent.ts';
import { until } from '../testing/until.ts';
import { edgeNode, metric, World } from '../testing/world.ts';

const nodes = [edgeNode('edge-1', { podCidr: '127.0.0.0/24' }), edgeNode('cloud-1', { address: '127.0.0.1', tier: 'cloud' })];

test('a CONNECT over the Unix socket is carried and refused as one over TLS', async (t) => {
  await using world = await World.create();
  await using pod = await Origin.listen({ host: '127.0.0.2' });
  const connectSocket = world.pki.path('connect.sock');
  const server = await world.server(nodes, { connectSocket });
  await world.connected('edge-1', server);

  for (const [what, target] of [['a node', world.kubeletOf('edge-1')], ['a Pod', `127.0.0.2:${pod.port}`], ['a cloud node, directly', world.kubeletOf('cloud-1')]] as const) {
    await t.test(`reached: ${what}`, async () => {
      const client = await (await world.unixClient(connectSocket)).connect(target, 'glued');
      assert.deepEqual([client.status, client.reason], [200, 'Connection Established']);
      await until('what was glued to the request comes back', () => client.received === 5);
      await client.echo(Buffer.alloc(4 << 20, 'x'));
      client.socket.end();
      await until('the end comes back', () => client.closed);
      assert.deepEqual([client.ended, client.error], [true, undefined]);
    });
  }
  for (const [target, status, reason] of [
    ['edge-1:22', 403, `of node edge-1 only port ${world.kubelet.port} is reached`],
    ['93.184.216.34:443', 403, '93.184.216.34 is no node, no Pod and no Service of this cluster'],
    ['127.0.0.3:1', 502, 'node edge-1: 127.0.0.3:1 refused the connection'],
    ['no-port', 400, 'the target is not HOST:PORT'],
  ] as const) {
    await t.test(`refused: ${target}`, async () => {
      const client = await (await world.unixClient(connectSocket)).connect(target);
      assert.deepEqual([client.status, client.reason], [status, `edge-tunnel: ${reason}`]);
      await until('it is closed', () => client.closed);
    });
  }
  await t.test('whoever asks for something else is told what is served', async () => {
    const client = await world.unixClient(connectSocket);
    client.socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await client.answered();
    assert.deepEqual([client.status, client.reason], [405, 'only CONNECT is served here']);
  });
  await t.test('headers that are too long are refused', async () => {
    const client = await world.unixClient(connectSocket);
    client.socket.write(`CONNECT edge-1:1 HTTP/1.1\r\nX: ${'x'.repeat(10_000)}\r\n\r\n`);
    await client.answered();
    assert.equal(client.status, 431);
  });
  await t.test('what breaks at one end ends at the other, whichever that is', async () => {
    const [one, other] = [await world.unixClient(connectSocket), await world.unixClient(connectSocket)];
    for (const client of [one, other]) await (await client.connect(world.kubeletOf('edge-1'))).echo('hello');
    one.socket.destroy();
    await until('the target is told', () => world.kubelet.sockets.size === 1);
    world.kubelet.cutAll();
    // A Unix socket has no reset: it is an end, or an error when the client had said more.
    await until('the client is told', () => other.ended || other.closed);
    await until('no stream is left', metric(server, 'edge_tunnel_streams', 0));
  });
  await server.stop();
  assert.ok(!existsSync(connectSocket));
});

test('at the Unix socket too, who is slow is cut off, who goes is not waited for, and a target has its time', async (t) => {
  await using world = await World.create();
  const connectSocket = world.pki.path('connect.sock');
  const server = await world.server(nodes, { connectSocket, headersTimeoutMs: 200, dialMs: 300 });
  const agent = await SilentAgent.connect(world, await world.pki.node('edge-1'), server.portOf('agents'));
  await until('it is connected', () => server.nodeCount === 1);
  for (const said of ['', 'CONNECT edge-1:1 HTTP/1.1\r\nHost:']) {
    await t.test(`a client that says ${JSON.stringify(said)}`, async () => {
      const client = await world.unixClient(connectSocket);
      client.socket.write(said);
      await until('it is cut off', () => client.ended || client.closed, 3000);
      assert.equal(client.status, 408);
    });
  }
  await t.test('a client that goes while its target is being dialled', async () => {
    const client = await world.unixClient(connectSocket);
    client.ask(world.kubeletOf('edge-1'));
    await until('it is being dialled', () => agent.streams.length === 1, 250);
    client.socket.destroy();
    await until('the dial is given up', () => agent.streams[0]!.isClosed, 1000);
  });
  await t.test('a target that does not answer', async () => {
    const client = await (await world.unixClient(connectSocket)).connect(world.kubeletOf('edge-1'));
    assert.deepEqual([client.status, client.reason], [504, 'edge-tunnel: node edge-1: no answer within 0.3 s']);
  });
});

test('a server whose Unix socket is taken does not start, and one that is drained gives it free at once', async () => {
  await using world = await World.create();
  const connectSocket = world.pki.path('connect.sock');
  const first = await world.server(nodes, { connectSocket });
  await assert.rejects(world.server(nodes, { connectSocket }), { code: 'SOCKET_TAKEN' });
  await world.connected('edge-1', first);
  const client = await (await world.unixClient(connectSocket)).connect(world.kubeletOf('edge-1'));
  const drained = first.drain(10_000, 0);
  await until('its socket is gone', () => !existsSync(connectSocket));
  await world.server(nodes, { connectSocket });
  await client.echo('still carried');
  client.socket.end();
  await drained;
  assert.ok(existsSync(connectSocket), 'the second one goes on');
});
