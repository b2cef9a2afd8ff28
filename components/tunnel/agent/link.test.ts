import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Backoff } from '../common/backoff.ts';
import { Session } from '../protocol/index.ts';
import { TlsPort } from '../protocol/testing/tls-pair.ts';
import { until } from '../testing/until.ts';
import { Wan } from '../testing/wan.ts';
import { edgeNode, World } from '../testing/world.ts';
import { Link } from './link.ts';

test('credentials that change while a session is being opened are used for the next, at once', async () => {
  await using port = await TlsPort.open();
  const opened: { session: Session; release: () => void }[] = [];
  const link: Link = new Link({
    instance: 'agent',
    stream: () => {},
    events: { connected: () => {}, draining: () => {}, ended: () => {}, failed: () => {} },
    backoff: new Backoff({ baseMs: 20, capMs: 20 }),
    connect: async () => {
      const { server, client } = await port.connection();
      const { promise, resolve } = Promise.withResolvers<void>();
      opened.push({ session: new Session(server, { side: 'tls-server', instance: 'server', handler: { ended: () => {} } }), release: resolve });
      await promise;
      return client;
    },
  });
  const abort = new AbortController();
  const over = link.run(abort.signal, 1000);
  await until('the first is being opened', () => opened.length === 1);
  link.renew();
  opened[0]!.release();
  await until('a second is being opened', () => opened.length === 2);
  // The first serves meanwhile.
  await until('the first can be used', () => link.current?.peerInstance === 'server');
  opened[1]!.release();
  await until('both are there', () => [...link.sessions].filter(({ isReady }) => isReady).length === 2);
  // The new one is lost before the old one has ended: what is left serves.
  link.current!.close('CANCELLED', 'the test says so');
  assert.equal(link.current?.isReady, true);
  abort.abort();
  for (const { release } of opened) release();
  await over;
  assert.equal(link.sessions.size, 0);
  for (const { session } of opened) session.close('CANCELLED', 'the test is over');
});

test('a session that has held takes the place of those before it, also with another server, and their streams go on', async () => {
  await using port = await TlsPort.open();
  const servers: { session: Session; draining: string | undefined }[] = [];
  const link: Link = new Link({
    instance: 'agent',
    goodAfterMs: 200,
    stream: (stream) => stream.accept({ data: (piece) => void stream.write(piece), end() {}, writable() {}, closed() {} }),
    events: { connected: () => {}, draining: () => {}, ended: () => {}, failed: () => {} },
    backoff: new Backoff({ baseMs: 20, capMs: 20 }),
    connect: async () => {
      const { server, client } = await port.connection();
      const one: (typeof servers)[number] = { draining: undefined, session: new Session(server, { side: 'tls-server', instance: `server ${servers.length}`, handler: { ended: () => {}, draining: (reason) => { one.draining = reason; } } }) };
      servers.push(one);
      return client;
    },
  });
  const abort = new AbortController();
  const over = link.run(abort.signal, 1000);
  await until('there is a session', () => link.current !== undefined && servers[0]!.session.isReady);
  let echoed = '';
  const stream = servers[0]!.session.open('edge-1:10250', 1000, { data: (piece) => { echoed += piece.toString(); }, end() {}, writable() {}, closed() {} });
  await until('a stream is open', () => stream.isOpened);
  link.renew();
  await until('the first is told to take no more', () => servers[0]!.draining === 'a newer session of this agent has taken over');
  assert.equal(servers[1]!.draining, undefined);
  stream.write(Buffer.from('still here'));
  await until('its stream goes on', () => echoed === 'still here');
  stream.reset('CANCELLED', 'enough');
  await until('it ends with its last stream', () => link.sessions.size === 1);
  abort.abort();
  await over;
});

test('an agent that is told to stop does so at once: while it dials, while it waits, and with a session', async () => {
  await using world = await World.create();
  const server = await world.server([edgeNode('edge-1')]);
  const wan = world.stack.use(await Wan.to(server.portOf('agents')));
  const timed = async (what: string, ready: (agent: Awaited<ReturnType<World['agent']>>) => Promise<void>): Promise<void> => {
    const agent = await world.agent('edge-1', wan.port, { reconnectCapMs: 60_000, connectTimeoutMs: 60_000, drainMs: 5000 });
    await ready(agent);
    const startedAt = performance.now();
    await agent.stop();
    assert.ok(performance.now() - startedAt < 1000, what);
  };
  await timed('with a session', async () => await until('it is connected', () => server.nodeCount === 1));
  await until('it is gone', () => server.nodeCount === 0);
  wan.down();
  let failures = 0;
  await timed('while it waits', async () => await until('it has failed', () => (failures = world.logs.filter(({ msg }) => msg === 'no session').length) > 3, 20_000));
  assert.ok(failures > 0);
  wan.silence();
  await timed('while it dials', async () => {});
});

test('an agent that is stopped lets open streams come to their end, and takes no more', async () => {
  await using world = await World.create();
  const server = await world.server([edgeNode('edge-1')]);
  const agent = await world.connected('edge-1', server, { drainMs: 10_000 });
  const client = await world.connect(server, world.kubeletOf('edge-1'));
  await client.echo('before');
  const over = agent.stop();
  await until('it takes no more', async () => (await world.connect(server, world.kubeletOf('edge-1'))).status === 503);
  await client.echo('still here');
  client.socket.end();
  await over;
  await until('the end is clean', () => client.closed);
  assert.deepEqual([client.ended, client.error], [true, undefined]);
});
