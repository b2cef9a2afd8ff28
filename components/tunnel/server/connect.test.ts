import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Client } from '../testing/client.ts';
import { Origin } from '../testing/origin.ts';
import { SilentAgent } from '../testing/silent-agent.ts';
import { until } from '../testing/until.ts';
import { edgeNode, World } from '../testing/world.ts';
import { statusText } from './connect-front.ts';

const nodes = [
  edgeNode('edge-1', { address: '10.9.0.1', podCidr: '127.0.0.0/24' }),
  edgeNode('edge-2', { address: '10.9.0.2' }),
  edgeNode('twin-a', { address: '10.9.0.9' }),
  edgeNode('twin-b', { address: '10.9.0.9' }),
  edgeNode('cloud-1', { address: '127.0.0.1', podCidr: '127.1.0.0/24', tier: 'cloud' }),
];

test('a CONNECT reaches its target wherever that is, or is told why not', async (t) => {
  await using world = await World.create();
  await using pod = await Origin.listen({ host: '127.0.0.2' });
  await using service = await Origin.listen({ host: '127.2.0.1' });
  const server = await world.server(nodes, { directCidrs: ['127.2.0.0/16'] });
  await world.connected('edge-1', server);
  const { port } = world.kubelet;

  for (const [what, target] of [
    ['by its name', `edge-1:${port}`],
    ['by its name in capitals', `EDGE-1:${port}`],
    ['by its address', `10.9.0.1:${port}`],
    ['a Pod of an edge node', `127.0.0.2:${pod.port}`],
    ['a cloud node, directly', `cloud-1:${port}`],
    ['a Service, directly', `127.2.0.1:${service.port}`],
  ] as const) {
    await t.test(`reached: ${what}`, async () => {
      const client = await world.connect(server, target);
      assert.deepEqual([client.status, client.reason], [200, 'Connection Established']);
      await client.echo('hello');
      client.socket.end();
      await until('the end comes back', () => client.closed);
      assert.deepEqual([client.ended, client.error], [true, undefined]);
    });
  }
  assert.equal(pod.accepted, 1);
  assert.equal(service.accepted, 1);

  for (const [target, status, reason] of [
    ['edge-1:22', 403, `of node edge-1 only port ${port} is reached`],
    ['10.9.0.1:22', 403, `of node edge-1 only port ${port} is reached`],
    [`10.9.0.9:${port}`, 409, '10.9.0.9 is the address of twin-a and twin-b: ask for a node by its name'],
    ['nowhere:80', 404, 'nowhere is neither a node nor an address'],
    ['[::1]:80', 404, '::1 is neither a node nor an address'],
    ['93.184.216.34:443', 403, '93.184.216.34 is no node, no Pod and no Service of this cluster'],
    [`edge-2:${port}`, 503, 'node edge-2 is not connected: its agent has not been seen'],
    // The bridge's own address is the node: what listens there is no Pod.
    ['127.0.0.1:1', 403, 'of node cloud-1 only port'],
    ['127.0.0.3:1', 502, 'node edge-1: 127.0.0.3:1 refused the connection'],
    ['127.2.0.3:1', 502, '127.2.0.3:1 refused the connection'],
    ['no-port', 400, 'the target is not HOST:PORT'],
    ['a b:1', 400, ''],
  ] as const) {
    await t.test(`refused: ${target}`, async () => {
      const client = await world.connect(server, target);
      assert.equal(client.status, status);
      assert.ok(client.reason.includes(reason), client.reason);
      await until('it is closed', () => client.closed);
    });
  }

  await t.test('a client for kubelets reaches kubelets, and nothing else', async () => {
    const through = async (target: string): Promise<Client> => await (await world.client(server, 'metrics-server')).connect(target);
    assert.equal((await through(`edge-1:${port}`)).status, 200);
    const refused = await through(`127.0.0.2:${pod.port}`);
    assert.deepEqual([refused.status, refused.reason], [403, 'edge-tunnel: this client reaches kubelets only, and 127.0.0.2 is no node']);
  });

  await t.test('a certificate of the right authority is not enough', async () => {
    const { certPem: cert, keyPem: key } = await world.pki.tunnelCa.issue({ commonName: 'some\u2028body\r\nX: y', client: true });
    const client = await Client.dial({ port: server.portOf('connect'), tls: { cert, key, ca: world.pki.tunnelCa.certPem } });
    await client.connect(`edge-1:${port}`);
    assert.equal(client.status, 403);
    assert.match(client.reason, /^edge-tunnel: some.*body.* is not let in$/);
    assert.doesNotMatch(client.reason, /[^\x20-\x7e]/);
  });

  await t.test('whoever asks for something else is told what is served', async () => {
    const client = await world.client(server);
    client.socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await client.answered();
    assert.deepEqual([client.status, client.reason], [405, 'only CONNECT is served here']);
  });
});

test('bytes pass in any order: glued to the request, after half-closes, and much of them both ways', async (t) => {
  await using world = await World.create();
  const server = await world.server(nodes);
  await world.connected('edge-1', server);
  for (const [way, target] of [['through the agent', world.kubeletOf('edge-1')], ['directly', world.kubeletOf('cloud-1')]] as const) {
    await t.test(`bytes glued to the request, ${way}`, async () => {
      const client = await world.connect(server, target, 'glued');
      await until('they come back', () => client.received === 5);
      await client.echo(' and more');
      assert.equal(client.body.toString(), 'glued and more');
    });
    await t.test(`a client that has nothing more to say still hears all, ${way}`, async () => {
      const client = await world.client(server);
      client.ask(target, 'question');
      client.socket.end();
      await until('it is over', () => client.closed);
      assert.deepEqual([client.status, client.body.toString(), client.ended, client.error], [200, 'question', true, undefined]);
    });
    await t.test(`8 MB both ways at once, ${way}`, async () => {
      const client = await world.connect(server, target);
      await client.echo(Buffer.alloc(8 << 20, 'x'));
    });
    await t.test(`a target that breaks off is an error for the client, ${way}`, async () => {
      const client = await world.connect(server, target);
      await client.echo('hello');
      world.kubelet.cutAll();
      await until('it is told', () => client.closed);
      assert.ok(client.wasCut, `${client.error}, ended: ${client.ended}`);
    });
    await t.test(`a client that breaks off is an error for the target, ${way}`, async () => {
      const errors: string[] = [];
      const client = await world.connect(server, target);
      await client.echo('hello');
      for (const socket of world.kubelet.sockets) socket.on('error', ({ code }: NodeJS.ErrnoException) => errors.push(code ?? ''));
      client.breakOff();
      await until('the target is told', () => world.kubelet.sockets.size === 0);
      assert.deepEqual(errors, ['ECONNRESET']);
    });
  }
});

test('who is slow with a request is cut off, and who goes while a target is being dialled is not waited for', async (t) => {
  await using world = await World.create();
  const server = await world.server(nodes, { headersTimeoutMs: 200, dialMs: 300 });
  for (const [what, said] of [['says nothing', ''], ['is slow with its headers', 'CONNECT edge-1:1 HTTP/1.1\r\nHost:']] as const) {
    await t.test(`a client that ${what}`, async () => {
      const client = await world.client(server);
      client.socket.write(said);
      await until('it is cut off', () => client.ended || client.closed, 3000);
      assert.equal(client.status, 408);
    });
  }
  const agent = await SilentAgent.connect(world, await world.pki.node('edge-1'), server.portOf('agents'));
  await until('it is connected', () => server.nodeCount === 1);
  for (const leaves of ['ends', 'breaks off'] as const) {
    await t.test(`a client that ${leaves} while its target is being dialled`, async () => {
      const before = world.logs.length;
      const client = await world.client(server);
      client.ask(world.kubeletOf('edge-1'));
      await until('it is being dialled', () => agent.streams.length === 1, 250);
      const dialled = agent.streams.pop()!;
      if (leaves === 'ends') client.socket.end();
      else client.breakOff();
      await until('the dial is given up', () => dialled.isClosed, 1000);
      assert.deepEqual(world.logs.slice(before).filter(({ status }) => status !== undefined).map(({ status, reason }) => [status, reason]), [[499, 'the client has gone']]);
    });
  }
  await t.test('a target that does not answer is given up in time, and the reason names the node', async () => {
    const startedAt = performance.now();
    const client = await world.connect(server, world.kubeletOf('edge-1'));
    assert.deepEqual([client.status, client.reason], [504, 'edge-tunnel: node edge-1: no answer within 0.3 s']);
    assert.ok(performance.now() - startedAt < 2000);
  });
});

test('a target that breaks off in the moment in which it is reached is an error for the client, and nothing worse', async () => {
  await using world = await World.create();
  const server = await world.server(nodes);
  const agent = await SilentAgent.connect(world, await world.pki.node('edge-1'), server.portOf('agents'));
  await until('it is connected', () => server.nodeCount === 1);
  // Opened and reset in one piece: the client is answered and cut in one turn of the event loop.
  agent.take = (stream) => {
    stream.accept({ data: () => {}, end: () => {}, writable: () => {}, closed: () => {} });
    stream.write(Buffer.from('partial'));
    stream.reset('TARGET_RESET', 'ECONNRESET');
  };
  for (let number = 0; number < 10; number += 1) {
    const client = await world.client(server);
    client.ask(world.kubeletOf('edge-1'));
    await until('it is told', () => client.closed);
    assert.ok(client.wasCut, `${client.error}, ended: ${client.ended}`);
  }
});

test('no reason breaks out of the status line', () => {
  assert.equal(statusText('one\r\nSet-Cookie: two\u0000é'), 'edge-tunnel: one Set-Cookie: two ');
  assert.equal(statusText('x'.repeat(1000)).length, 400);
});
