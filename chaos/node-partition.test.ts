import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Docker } from '../harness/docker/docker.ts';
import { createFault, faultFromRecord, type FaultContext } from './fault.ts';

const node = (name: string, address: string, site?: string) => ({ name, address, tier: site === undefined ? 'cloud' : 'edge', role: name === 'control' ? 'control-plane' : 'worker', ...(site !== undefined && { site }) });
const nodes = [node('control', '10.0.0.1'), node('a', '10.0.0.2', 'east'), node('b', '10.0.0.3', 'east'), node('c', '10.0.0.4', 'east'), node('far', '10.0.0.5', 'west')];
const gateway = '10.0.0.254';
const overlay = (address: string): string => address.replace('10.0.0.', '10.244.').concat('.0');

/** Nodes on one network: of one site they reach each other, and all reach the API server and the gateway. `works`: whether the host's rules do anything. */
function network({ works = true, withOverlay = true, leaks = [] as readonly string[], alsoLost = [] as readonly string[], wanDown = false } = {}) {
  let rules: string[] = [];
  const passes = (from: string, to: string, what: string): boolean => {
    const far = nodes.find(({ address }) => address === to || overlay(address) === to);
    const self = nodes.find(({ address }) => address === from)!;
    if (to === gateway) return !alsoLost.includes('gateway') || rules.length === 0;
    if (what === 'api') return !alsoLost.includes('api') || rules.length === 0;
    if (far === undefined || far.site !== self.site) return false;
    if (leaks.includes(what)) return true;
    return !(works && rules.some((rule) => rule.includes(`-s ${from}/32 -d ${far.address}/32 -j DROP`)));
  };
  const exec = async (name: string, argv: string[]) => {
    const { address } = nodes.find((one) => one.name === name)!;
    const answer = (stdout: string) => ({ code: 0, stdout, stderr: '' });
    if (argv.join(' ') === 'ip -j -4 address show') return answer(JSON.stringify([{ ifname: 'eth0', addr_info: [{ local: address }] }, {}, ...(withOverlay ? [{ ifname: 'flannel.1', addr_info: [{ local: overlay(address) }] }] : [])]));
    if (argv.includes('route')) return answer(JSON.stringify([{ dst: 'default', gateway }]));
    if (argv[0] === 'curl') {
      return answer(argv.filter((one) => one.startsWith('http')).map((url, index) => {
        const { hostname, protocol } = new URL(url);
        if (wanDown && protocol === 'https:') return `${index} 7 0.000000 000 Could not connect\n`;
        return `${index} ${passes(address, hostname, protocol === 'https:' ? 'api' : 'kubelet') ? '0 0.0003 400 ' : '28 0.000000 000 Timed out'}\n`;
      }).join(''));
    }
    const to = argv.slice(argv.indexOf('edgeproof') + 1);
    return answer(`${to.map((one) => `${one} ${passes(address, one, one.startsWith('10.244') ? 'overlay' : 'ping') ? 1 : 0}\n`).join('')}ipv6 0\n`);
  };
  const run = async (argv: string[], { input }: { input: string }) => {
    assert.equal(argv.at(-1), 'EDGEPROOF-dev//apart');
    if (!argv.at(-3)!.includes('-restore')) return { code: 0, stdout: `-N x\n${rules.map((rule) => `-A ${rule}`).join('\n')}\n`, stderr: '' };
    for (const line of input.split('\n')) {
      if (line.startsWith('-A ')) rules.push(line.slice(3));
      if (line.startsWith('-D ')) rules = rules.filter((rule) => rule !== line.slice(3));
    }
    return { code: 0, stdout: '', stderr: '' };
  };
  const docker = { exec, run, inspect: async () => ({ Config: { Image: 'node' } }) } as unknown as Docker;
  return { ctx: { cluster: { name: 'dev', nodes, wans: [] }, docker, signal: AbortSignal.timeout(5000) } as unknown as FaultContext, rules: () => rules };
}

const partition = (target = 'node a,b') => createFault('node-partition', target);

test('two nodes hear nothing of each other, and each reaches all others', async () => {
  const { ctx, rules } = network();
  const fault = partition();
  await fault.inject(ctx);
  const others = 'the kubelet of c, the API server over the WAN, its gateway';
  const felt = `a hears nothing of b (kubelet, ping, ping over the overlay), and reaches ${others}; b hears nothing of a (kubelet, ping, ping over the overlay), and reaches ${others}`;
  assert.equal(await fault.verify(ctx), felt);
  // Again, by another process, which has not seen how it was before.
  const again = partition();
  await again.inject(ctx);
  assert.equal(await again.verify(ctx), felt);
  assert.equal(rules().length, 2);
  for (let time = 0; time < 2; time += 1) await faultFromRecord({ id: '1', kind: 'node-partition', target: 'node a,b', startedAt: '' }).heal(ctx);
  assert.deepEqual(rules(), []);
});

test('several are on at once, and each is healed by itself', async () => {
  const { ctx, rules } = network();
  await partition().inject(ctx);
  await partition('node c,b').inject(ctx);
  await partition('node b,a').heal(ctx);
  assert.deepEqual(rules(), ['EDGEPROOF-dev//apart -s 10.0.0.4/32 -d 10.0.0.3/32 -j DROP', 'EDGEPROOF-dev//apart -s 10.0.0.3/32 -d 10.0.0.4/32 -j DROP']);
});

test('a cluster without an overlay of flannel is looked at without it', async () => {
  const { ctx } = network({ withOverlay: false });
  const fault = partition();
  await fault.inject(ctx);
  assert.match(await fault.verify(ctx), /a hears nothing of b \(kubelet, ping\), and/);
});

test('it can be had in a site that is cut off, and nobody says then that the API server is reached', async () => {
  const { ctx } = network({ wanDown: true });
  const fault = partition();
  await fault.inject(ctx);
  assert.match(await fault.verify(ctx), /^a hears nothing of b \(.*\), and reaches the kubelet of c, its gateway; b /);
});

test('it is not seen where anything passes, be it the overlay alone', async () => {
  for (const [made, what] of [[network({ works: false }), 'answers at kubelet'], [network({ leaks: ['overlay'] }), 'answers at ping over the overlay'], [network({ leaks: ['ping'] }), 'answers at ping ']] as const) {
    const fault = partition();
    await fault.inject(made.ctx);
    await assert.rejects(fault.verify(made.ctx), { code: 'FAULT_NOT_SEEN', message: new RegExp(`apart, yet . saw ${what}`) });
  }
});

test('a node that has lost more than the other is not cut off from it alone', async () => {
  const { ctx } = network({ alsoLost: ['api'] });
  const fault = partition();
  await fault.inject(ctx);
  await assert.rejects(fault.verify(ctx), { code: 'FAULT_NOT_SEEN', message: /and lost the API server over the WAN too/ });
  const dead = network({ alsoLost: ['api', 'gateway'] });
  await partition('node a,b').inject(dead.ctx);
  await partition('node a,c').inject(dead.ctx);
  await assert.rejects(partition().verify(dead.ctx), { code: 'FAULT_NOT_SEEN', message: /reaches nobody at all/ });
});

test('nodes that do not reach each other anyway cannot be parted', async () => {
  const { ctx, rules } = network();
  await assert.rejects(partition('node a,far').inject(ctx), { code: 'FAULT_NO_VICTIM', message: /a and far do not reach each other anyway: a saw nothing at kubelet/ });
  await assert.rejects(partition('node control,a').inject(ctx), { code: 'FAULT_NO_VICTIM' });
  assert.deepEqual(rules(), []);
});
