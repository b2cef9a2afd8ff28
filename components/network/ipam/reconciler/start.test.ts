import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { until } from '../../../tunnel/testing/until.ts';
import { stage, type Stage } from '../../../hub/testing/stage.ts';
import { nodeName } from '../../../hub/testing/pki.ts';
import { nodeAccess } from '../../common/node-access.ts';
import { PodApi } from '../testing/api.ts';
import { PluginFolder } from '../testing/plugin-folder.ts';
import { startReconciler, type RunningReconciler } from './start.ts';

const [a, b, c] = [randomUUID(), randomUUID(), randomUUID()];

/** A resident beside a hub: an API server that can be cut off, and the plugin's folder. */
async function resident(stack: AsyncDisposableStack, api: PodApi): Promise<{ hub: Stage; plugin: PluginFolder; start: (mountsOf?: string) => Promise<RunningReconciler>; reserved: () => string[]; metrics: () => Promise<string>; logs: Record<string, unknown>[] }> {
  const hub = await stage(stack, api.answer);
  const plugin = stack.use(new PluginFolder());
  const logs: Record<string, unknown>[] = [];
  const log = pino({ level: 'debug', base: null }, { write: (line: string) => void logs.push(JSON.parse(line) as Record<string, unknown>) });
  let registry = new Registry();
  const access = nodeAccess({ host: '127.0.0.1', port: hub.hub.front.port(), ca: hub.world.pki.path('ca.crt'), nodeCertificate: hub.world.pki.path('node.pem') });
  const start = async (mountsOf = 'self'): Promise<RunningReconciler> => {
    registry = new Registry();
    return await startReconciler({ access, nodeName, dataDir: plugin.dataDir, log, registry, timings: { everyMs: 60, settleMs: 10 }, mountsOf });
  };
  return { hub, plugin, start, reserved: () => plugin.state.reservations.flatMap(({ addresses }) => addresses), metrics: async () => await registry.metrics(), logs };
}

/** The sum over all labels. */
const value = (metrics: string, name: string): number => [...metrics.matchAll(new RegExp(`^${name}(?:{[^}]*})? (.*)$`, 'gm'))].reduce((sum, [, one]) => sum + Number(one), 0);

test('a Pod that is deleted gives its address back at once; its neighbours do not; cut off, nobody does', async () => {
  await using stack = new AsyncDisposableStack();
  const api = new PodApi();
  const { hub, plugin, start, reserved, metrics, logs } = await resident(stack, api);
  for (const [name, uid] of [['a', a], ['b', b]] as const) {
    api.add({ name, uid });
    plugin.add({ container: name, pod: [name, uid] });
  }
  await using reconciler = await start();
  await until('it watches', () => api.watched);
  api.delete('a');
  await until('the address is free', () => reserved().length === 1);
  assert.deepEqual(reserved(), ['10.244.1.3']);
  assert.equal(reconciler.notReady, undefined);
  const told = await metrics();
  assert.deepEqual([value(told, 'edge_ipam_freed_total'), value(told, 'edge_ipam_api_connected'), value(told, 'edge_ipam_reservations')], [1, 1, 1]);
  assert.ok(logs.some(({ msg, owner }) => msg === 'free: its Pod is gone' && owner === `Pod default/a (${a})`));
  // What the hub has heard of this collection is what it answers when cut off.
  await hub.cut();
  api.delete('b');
  plugin.add({ container: 'c', pod: ['c', c] });
  plugin.result('DEL', { container: 'c' });
  await until('it was asked, and the hub answered', async () => value(await metrics(), 'edge_ipam_api_connected') === 0);
  await until('some rounds are over', async () => value(await metrics(), 'edge_ipam_rounds_total') > 4);
  assert.deepEqual(reserved(), ['10.244.1.3', '10.244.1.4']);
  await hub.heal();
  await until('both are free', () => reserved().length === 0);
});

test('after a restart while cut off nothing is freed that the hub may not have heard of', async () => {
  await using stack = new AsyncDisposableStack();
  const api = new PodApi();
  const { hub, plugin, start, reserved, metrics } = await resident(stack, api);
  api.add({ name: 'a', uid: a });
  plugin.add({ pod: ['a', a] });
  plugin.add({ container: 'c2', pod: ['b', b] });
  {
    await using _first = await start();
    await until('what is not there is freed', () => reserved().length === 1);
  }
  await hub.cut();
  plugin.add({ container: 'c3', pod: ['c', c] });
  await using _second = await start();
  await until('it was asked', async () => value(await metrics(), 'edge_ipam_rounds_total') > 2);
  assert.deepEqual(reserved(), ['10.244.1.2', '10.244.1.4']);
});

test('a static Pod is known by its mirror', async () => {
  await using stack = new AsyncDisposableStack();
  const api = new PodApi();
  const { plugin, start, reserved, metrics } = await resident(stack, api);
  const hash = '4b2c0d1e5f60718293a4b5c6d7e8f901';
  api.add({ name: 'static', uid: a, annotations: { 'kubernetes.io/config.mirror': hash, 'kubernetes.io/config.hash': hash } });
  plugin.add({ pod: ['static', hash] });
  await using _running = await start();
  const rounds = async (): Promise<number> => value(await metrics(), 'edge_ipam_rounds_total');
  const more = async (count: number): Promise<void> => {
    const before = await rounds();
    await until('some rounds are over', async () => (await rounds()) >= before + count);
  };
  await until('it watches', () => api.watched);
  await more(2);
  const lists = api.lists.length;
  await more(3);
  assert.deepEqual(reserved(), ['10.244.1.2']);
  // There was nobody to ask about.
  assert.equal(api.lists.length, lists);
  assert.match(api.lists[0]!, /spec\.nodeName%3Dedge-1%2Cstatus\.phase!%3DSucceeded%2Cstatus\.phase!%3DFailed/);
});

test('who does not see the node\'s mounts frees nothing, and says so; nor does who reaches nobody', async () => {
  await using stack = new AsyncDisposableStack();
  const api = new PodApi();
  const { plugin, start, reserved, metrics } = await resident(stack, api);
  plugin.add({ pod: ['a', a] });
  await using blind = await start('none');
  assert.match(blind.notReady!, /the mounts of the node are not seen/);
  await until('some rounds are over', async () => value(await metrics(), 'edge_ipam_rounds_total') > 2);
  assert.deepEqual(reserved(), ['10.244.1.2']);
});

test('while nobody answers it is not ready, and goes on trying', async () => {
  await using stack = new AsyncDisposableStack();
  const plugin = stack.use(new PluginFolder());
  plugin.add({ pod: ['a', a] });
  const access = nodeAccess({ host: '127.0.0.1', port: 1, ca: '/none', nodeCertificate: '/none' });
  await using reconciler = await startReconciler({ access, nodeName, dataDir: plugin.dataDir, log: pino({ level: 'silent' }), registry: new Registry(), timings: { everyMs: 20, settleMs: 1 }, mountsOf: 'self' });
  await until('it is not ready', () => reconciler.notReady !== undefined);
  assert.match(reconciler.notReady!, /ENOENT/);
  assert.equal(plugin.state.reservations.length, 1);
});
