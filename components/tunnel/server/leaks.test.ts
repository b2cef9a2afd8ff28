import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import type { Client } from '../testing/client.ts';
import { SilentAgent } from '../testing/silent-agent.ts';
import { until } from '../testing/until.ts';
import { edgeNode, valueOf, World } from '../testing/world.ts';
import type { RunningServer } from './serve.ts';

const nodes = [edgeNode('edge-1'), edgeNode('edge-2'), edgeNode('cloud-1', { tier: 'cloud', address: '127.0.0.1' })];
const big = Buffer.alloc(300_000);
/** Times eight phases: five hundred. */
const perPhase = 64;

type Counts = Readonly<Record<string, number>>;

/** What keeps this process alive, by kind. */
function resources(): Counts {
  const counts: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) if (kind !== 'Immediate' && kind !== 'CloseReq') counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn += 1) await new Promise(setImmediate);
};

/** How far a client gets before it is gone. Each is given a target, and leaves. */
const phases: Readonly<Record<string, (world: World, server: RunningServer, target: string, number: number) => Promise<void>>> = {
  'in the middle of the handshake': async (_, server, __, number) => {
    const socket = connect(server.portOf('connect'), '127.0.0.1');
    socket.on('error', () => {});
    socket.write(Buffer.from([0x16, 3, 1, 2, 0, 1]));
    await turns(number % 10);
    socket.destroy();
  },
  'before it has asked': async (world, server) => (await world.client(server)).breakOff(),
  'while its target is being dialled': async (world, server, target, number) => {
    const client = await world.client(server);
    client.ask(target, 'glued'.repeat(number % 3));
    await turns(number % 20);
    leave(client, number);
  },
  'just after the answer': async (world, server, target, number) => leave(await world.connect(server, target), number),
  'while it sends': async (world, server, target, number) => {
    const client = await world.connect(server, target);
    client.socket.write(big);
    await turns(number % 20);
    leave(client, number);
  },
  'while it does not read': async (world, server, target, number) => {
    const client = await world.connect(server, target);
    client.socket.pause();
    client.socket.write(big);
    await turns(number % 40);
    leave(client, number);
  },
  'after its end, in the answer': async (world, server, target, number) => {
    const client = await world.connect(server, target);
    client.socket.end(big);
    await turns(number % 40);
    client.breakOff();
  },
  'because its target broke off': async (world, server, target) => {
    const client = await world.connect(server, target);
    client.socket.write(big);
    await until('it is told', () => {
      // Again and again: the target has taken a connection only after the client was told that it is there.
      world.kubelet.cutAll();
      return client.closed;
    });
  },
};

const leave = (client: Client, number: number): void => {
  if (number % 2 === 0) client.breakOff();
  else client.socket.destroy();
};

test('five hundred clients that leave in every phase leave nothing behind', async (t) => {
  await using world = await World.create();
  const [first, second] = [await world.server(nodes, { dialMs: 500 }), await world.server(nodes, { dialMs: 500 })];
  await world.peer(first, second);
  const { agent } = await world.connected('edge-1', first);
  await SilentAgent.connect(world, await world.pki.node('edge-2'), first.portOf('agents'));
  await until('both are connected', () => first.nodeCount === 2);
  const parts = { first, second, agent };
  const held = async (): Promise<Counts> => Object.fromEntries(await Promise.all(Object.entries(parts).flatMap(([part, of]) =>
    ['edge_tunnel_streams', 'edge_tunnel_promised_bytes'].map(async (name) => [`${name} of ${part}`, await valueOf(of, name)] as const))));
  const all = async (): Promise<Counts> => ({ ...await held(), 'sockets of the kubelet': world.kubelet.sockets.size, ...resources() });
  // The first of each kind makes things that stay.
  await (await world.connect(second, world.kubeletOf('edge-1'))).socket.destroy();
  await until('it is quiet', async () => world.kubelet.sockets.size === 0 && Object.values(await held()).every((count) => count === 0));
  const baseline = await all();
  const ways: readonly (readonly [RunningServer, string])[] = [[first, 'edge-1'], [second, 'edge-1'], [first, 'cloud-1'], [second, 'edge-2']];
  for (const [phase, run] of Object.entries(phases)) {
    await t.test(phase, async () => {
      for (let number = 0; number < perPhase; number += 16) {
        await Promise.all(Array.from({ length: 16 }, async (_, index) => {
          // Those that wait for an answer get none from edge-2.
          const count = phase === 'while its target is being dialled' ? ways.length : ways.length - 1;
          const [server, node] = ways[(number / 16 + index) % count]!;
          await run(world, server, world.kubeletOf(node), number + index);
        }));
      }
      // No more of anything: a timer of the moment may have been in the baseline, where one that leaks is here 64 times.
      let more: Counts = {};
      const grown = async (): Promise<Counts> => Object.fromEntries(Object.entries(await all()).filter(([kind, count]) => count > (baseline[kind] ?? 0)));
      await until('all is as it was', async () => Object.keys(more = await grown()).length === 0).catch(() => assert.deepEqual(more, {}));
    });
  }
  // Bytes are counted once, also of streams that are over: what the servers have sent is no more than came.
  const sent = await valueOf(first, 'edge_tunnel_sent_bytes_total');
  assert.ok(sent > 0);
  assert.equal(await valueOf(first, 'edge_tunnel_sent_bytes_total'), sent);
});
