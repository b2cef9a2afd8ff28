import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Docker } from '../harness/docker/docker.ts';
import { asksForPods, asNodeSays } from '../harness/probes/pods-on-node.ts';
import { createFault, faultFromRecord, type FaultContext } from './fault.ts';
import { forgetMacsOfFaults, vtepAnnotation } from './vtep.ts';

const nodes = [{ name: 'cloud', role: 'control-plane', tier: 'cloud', address: '10.0.0.1' }, { name: 'edge', tier: 'edge', address: '10.0.0.2' }, { name: 'peer', tier: 'edge', address: '10.0.0.3' }];
const mac = '02:00:00:00:00:01';
const says = (of: string): string => `{"VNI":1,"VtepMAC":"${of}"}`;

/** A cluster of which the Node `edge`, its device and tables, and the forwards of its peer are there; and flannel, which writes neighbours when it starts. */
function cluster() {
  const world = {
    annotations: { [vtepAnnotation]: says(mac), other: 'stays' } as Record<string, string>,
    mac: mac as string | undefined,
    neighbours: ['10.244.3.0'],
    forwards: [{ mac, dst: '10.0.0.2' }, { mac: '02:00:00:00:00:99', dst: '10.0.0.9' }],
    /** Somebody keeps the device's MAC, or the annotation, in order. */
    keeper: false,
    killed: 0,
    files: new Map<string, string>(),
  };
  const node = (): string => JSON.stringify({ metadata: { name: 'edge', annotations: world.annotations } });
  const answer = (stdout = '', code = 0, stderr = '') => ({ code, stdout, stderr });
  const onCloud = (argv: string[], input = ''): ReturnType<typeof answer> => {
    if (argv[0] === 'sh') return world.files.set(argv.at(-1)!, input), answer();
    if (argv[0] === 'cat') return world.files.has(argv[1]!) ? answer(world.files.get(argv[1]!)) : answer('', 1, 'No such file');
    if (argv[0] === 'rm') return world.files.delete(argv.at(-1)!), answer();
    if (argv[3] === 'get') return answer(node());
    assert.deepEqual(argv.slice(3, 6), ['annotate', 'node', 'edge']);
    const [key, value] = [argv[6]!.split('=')[0]!, argv[6]!.split('=').slice(1).join('=')];
    if (key.endsWith('-')) {
      delete world.annotations[key.slice(0, -1)];
      const said = node();
      if (world.keeper) world.annotations[vtepAnnotation] = says(mac);
      return answer(said);
    }
    if (world.annotations[key] !== undefined) return answer('', 1, 'already has a value');
    world.annotations[key] = value;
    return answer();
  };
  const exec = async (name: string, argv: string[], { input }: { input?: string } = {}) => {
    if (name === 'cloud' && argv[0] !== 'bridge') return onCloud(argv, input);
    const line = argv.join(' ');
    const set = (to: string): void => {
      if (to !== world.mac) world.neighbours = [];
      world.mac = to;
    };
    if (line === 'ip -j link show') return answer(JSON.stringify([{ ifname: 'eth0', address: 'aa' }, ...(world.mac === undefined ? [] : [{ ifname: 'flannel.1', address: world.mac }])]));
    if (asksForPods(argv)) return answer(asNodeSays(
      { items: [{ id: 's1', metadata: { name: 'kube-flannel-ds-x', namespace: 'kube-flannel', uid: 'u' }, state: 'SANDBOX_READY', createdAt: '1' }] },
      { containers: [{ id: 'c1', podSandboxId: 's1', metadata: { name: 'kube-flannel' }, state: 'CONTAINER_RUNNING', createdAt: '1' }] },
    ));
    if (argv[0] === 'sh') {
      set(argv.at(-1)!);
      const has = world.mac;
      if (world.keeper) world.mac = mac, world.neighbours = ['10.244.3.0'];
      return answer(`${has}\n`);
    }
    if (line.startsWith('ip link set dev flannel.1 address ')) return set(argv.at(-1)!), answer();
    if (line.includes('route show')) return answer('[{"dst":"10.244.3.0/24","gateway":"10.244.3.0"}]');
    if (line.includes('neigh show')) return answer(JSON.stringify(world.neighbours.map((dst) => ({ dst, lladdr: 'bb' }))));
    if (line.startsWith('bridge -j fdb show')) return name === 'peer' ? answer(JSON.stringify(world.forwards)) : answer('', 255, 'Cannot find device');
    if (line.startsWith('bridge fdb del')) return world.forwards = world.forwards.filter((one) => one.mac !== argv[3] || one.dst !== argv[7]), answer();
    if (line.startsWith('crictl inspect')) return answer(JSON.stringify({ status: { state: 'CONTAINER_RUNNING' }, info: { pid: 77 } }));
    if (line === 'kill -KILL 77') return world.killed += 1, world.neighbours = ['10.244.3.0'], answer();
    throw new Error(`not understood: ${name}: ${line}`);
  };
  const ctx = { docker: { exec } as unknown as Docker, signal: AbortSignal.timeout(10_000), cluster: { name: 'dev', nodes, wans: [] } } as unknown as FaultContext;
  return { world, ctx };
}

const again = (kind: 'vtep-mac' | 'vtep-annotation') => faultFromRecord({ id: '1', kind, target: 'node edge', startedAt: '' });

test('a MAC is changed, and healed from the record alone: flannel writes again what went with it', async () => {
  const { world, ctx } = cluster();
  const fault = createFault('vtep-mac', 'node edge');
  await fault.inject(ctx);
  assert.match(await fault.verify(ctx), /flannel\.1 of edge had 02:00:00:00:00:01 and has 02:/);
  assert.notEqual(world.mac, mac);
  await again('vtep-mac').heal(ctx);
  assert.deepEqual([world.mac, world.neighbours, world.killed], [mac, ['10.244.3.0'], 1]);
});

test('where somebody keeps it in order the change is seen all the same, and nothing is left to heal', async () => {
  const { world, ctx } = cluster();
  world.keeper = true;
  const fault = createFault('vtep-mac', 'node edge');
  await fault.inject(ctx);
  await fault.verify(ctx);
  await again('vtep-mac').heal(ctx);
  assert.deepEqual([world.mac, world.killed], [mac, 0]);
});

test('a MAC of a node without the device cannot be changed', async () => {
  const { world, ctx } = cluster();
  world.mac = undefined;
  await assert.rejects(createFault('vtep-mac', 'node edge').inject(ctx), { code: 'FAULT_NO_VICTIM' });
});

test('an annotation is removed, and nothing else; healing writes it as it was, twice is once', async () => {
  const { world, ctx } = cluster();
  const fault = createFault('vtep-annotation', 'node edge');
  await fault.inject(ctx);
  assert.match(await fault.verify(ctx), /answered with a Node edge without/);
  assert.deepEqual(world.annotations, { other: 'stays' });
  for (let time = 0; time < 2; time += 1) await again('vtep-annotation').heal(ctx);
  assert.deepEqual(world.annotations, { other: 'stays', [vtepAnnotation]: says(mac) });
  assert.equal(world.files.size, 0);
});

test('one that somebody has written again meanwhile stays, and peers forget what they knew before', async () => {
  const { world, ctx } = cluster();
  await createFault('vtep-annotation', 'node edge').inject(ctx);
  const now = '02:00:00:00:00:02';
  world.annotations[vtepAnnotation] = says(now);
  world.forwards.push({ mac: now, dst: '10.0.0.2' });
  await again('vtep-annotation').heal(ctx);
  assert.equal(world.annotations[vtepAnnotation], says(now));
  assert.deepEqual(world.forwards, [{ mac: '02:00:00:00:00:99', dst: '10.0.0.9' }, { mac: now, dst: '10.0.0.2' }]);
});

test('an annotation that is written again at once was lost all the same', async () => {
  const { world, ctx } = cluster();
  world.keeper = true;
  const fault = createFault('vtep-annotation', 'node edge');
  await fault.inject(ctx);
  await fault.verify(ctx);
  assert.equal(world.annotations[vtepAnnotation], says(mac));
});

test('a node that heard of another MAC only after the fault was healed forgets it before somebody looks at all nodes', async () => {
  const { world, ctx } = cluster();
  world.forwards.push({ mac: '02:00:00:00:00:77', dst: '10.0.0.2' });
  await forgetMacsOfFaults(ctx, [{ kind: 'wan-down', target: 'site east' }, { kind: 'power-cut', target: 'node edge' }]);
  assert.equal(world.forwards.length, 3, 'no fault was about a MAC');
  await forgetMacsOfFaults(ctx, [{ kind: 'vtep-annotation', target: 'node edge' }, { kind: 'vtep-annotation', target: 'node edge' }]);
  assert.deepEqual(world.forwards.map((one) => one.mac), [mac, '02:00:00:00:00:99']);
});
