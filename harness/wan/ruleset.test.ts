import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ClusterState } from '../cluster/state.ts';
import { apartScript, readApart, type Pair } from './apart.ts';
import { legKey, oneWayScript, readOneWay } from './one-way.ts';
import { apartChain, deafChain, goneChain, muteChain, siteChain, type IsolationPlan } from './rules.ts';
import { applyScript, blackholeScript, dockerFlavour, findIsolations, flavours, parseSave, readKeptIn, readSwallowed, removeScript, swallowScript, type Flavour, type Ruleset, type WanConnection } from './ruleset.ts';

const plan: IsolationPlan = {
  cluster: 'a-cluster-with-a-long-name',
  subnet: '172.30.0.0/24',
  bridge: 'br-0123456789ab',
  podSubnet: '10.244.0.0/16',
  serviceSubnet: '10.96.0.0/16',
  cloud: ['172.30.0.2'],
  sites: [{ name: 'east', wan: '172.30.0.20', nodes: ['172.30.0.4', '172.30.0.5'] }, { name: 'west', wan: '172.30.0.21', nodes: ['172.30.0.6'] }],
  interSite: 'deny',
};

const withDocker = (extra = ''): Ruleset => parseSave(`*filter\n:FORWARD DROP [0:0]\n:DOCKER-USER - [0:0]\n${extra}COMMIT\n`);

test('the flavour is the one whose rules name the cluster\'s bridge', () => {
  const legacy = withDocker('-A FORWARD -o br-0123456789ab -j DOCKER\n');
  assert.equal(dockerFlavour(new Map([['iptables-nft', withDocker()], ['iptables-legacy', legacy]]), 'br-0123456789ab'), 'iptables-legacy');
  assert.equal(dockerFlavour(new Map([['iptables-nft', withDocker()], ['iptables-legacy', {}]]), 'br-none'), 'iptables-nft');
  assert.equal(dockerFlavour(new Map<Flavour, Ruleset>([['iptables-nft', parseSave('')]]), 'br-0123456789ab'), undefined);
});

test('the packets that were kept in are counted for each node from what iptables prints', () => {
  const printed = `-N EDGEPROOF-dev
-A EDGEPROOF-dev -m comment --comment "x" -c 99 99
-A EDGEPROOF-dev -s 172.30.0.4/32 -d 172.30.0.2/32 -p tcp -m tcp --dport 6443 -c 8 9 -j DNAT --to-destination 172.30.0.20:6443
-A EDGEPROOF-dev -s 172.30.0.4/32 -d 10.96.0.0/16 -p tcp -c 12 720 -j REDIRECT --to-ports 1
-A EDGEPROOF-dev -s 172.30.0.4/32 -d 10.244.0.0/16 -p udp -c 3 180 -j REDIRECT --to-ports 1
-A EDGEPROOF-dev -s 172.30.0.5/32 -d 10.96.0.0/16 -p tcp -c 0 0 -j REDIRECT --to-ports 1
-A EDGEPROOF-dev -d 10.244.0.0/16 -p tcp -c 7 180 -j REDIRECT --to-ports 1
`;
  assert.deepEqual([...readKeptIn(printed)], [['172.30.0.4', 15], ['172.30.0.5', 0]]);
  assert.equal(readKeptIn('-N EDGEPROOF-dev\n').size, 0);
});

test('nothing to remove gives no script', () => assert.equal(removeScript('dev', withDocker()), undefined));

// The real programs, in a network namespace that is gone when the shell ends.
const able = process.getuid?.() === 0 && spawnSync('unshare', ['-n', 'sh', '-c', 'iptables-nft -S && iptables-legacy -S']).status === 0;

for (const flavour of flavours) {
  test(`${flavour} takes the rules, twice the same, and gives them back`, { skip: able ? false : 'needs root, unshare and iptables' }, async () => {
    const dir = await mkdtemp(join(tmpdir(), 'edgeproof-rules-'));
    try {
      const inNamespace = (steps: readonly string[]): Ruleset[] => {
        const script = [`${flavour} -N DOCKER-USER`, `${flavour} -I FORWARD -j DOCKER-USER`, `${flavour} -A DOCKER-USER -j RETURN`, ...steps].join(' && ');
        const done = spawnSync('unshare', ['-n', 'sh', '-c', script], { encoding: 'utf8' });
        assert.equal(done.status, 0, done.stderr);
        return done.stdout.split('#save\n').slice(1).map(parseSave);
      };
      const file = async (name: string, content: string): Promise<string> => {
        await writeFile(join(dir, name), content);
        return `${flavour}-restore --noflush --wait 10 < ${join(dir, name)}`;
      };
      const save = `echo '#save' && ${flavour}-save`;
      const [before = {}, once = {}] = inNamespace([save, await file('apply', applyScript(plan, {})), save]);
      assert.equal(once.filter?.rules.filter((rule) => rule.startsWith('DOCKER-USER')).length, 3);
      assert.deepEqual(findIsolations(flavour, once).map((found) => found.cluster), [plan.cluster]);

      // A cluster that was here before, with another site and a black hole, leaves no trace.
      const former = { ...plan, sites: [...plan.sites, { name: 'north', wan: '172.30.0.22', nodes: ['172.30.0.7'] }] };
      const [holed = {}] = inNamespace([
        await file('former', applyScript(former, {})), await file('hole', blackholeScript(plan.cluster, 'east', true)), save]);
      assert.ok(holed.filter?.rules.includes(`${siteChain(plan.cluster, 'east')} -j DROP`));
      // Two of one port, which the kernel gives out twice when they lead elsewhere: only those that are meant are swallowed.
      const dead: WanConnection[] = [{ port: 40_001, address: '172.30.0.2', servicePort: 6443 }, { port: 40_001, address: '172.30.0.3', servicePort: 30_132 }];
      const hole = { on: await file('hole', blackholeScript(plan.cluster, 'east', true)), off: await file('heal', blackholeScript(plan.cluster, 'east', false)) };
      const swallow = { on: await file('swallow', swallowScript(plan.cluster, 'east', '172.30.0.20', dead)), off: await file('spit', swallowScript(plan.cluster, 'east', '172.30.0.20', [])) };
      const [again, healed, both, swallowing, spat, holedOnly, removed] = inNamespace([
        await file('former', applyScript(former, {})), hole.on,
        await file('again', applyScript(plan, holed)), save,
        hole.on, hole.off, save,
        swallow.on, hole.on, save, hole.off, save, swallow.off, save,
        hole.on, swallow.on, swallow.off, save,
        await file('remove', removeScript(plan.cluster, once) ?? ''), save]);
      assert.deepEqual(again, once);
      assert.deepEqual(healed, once);
      assert.deepEqual(spat, once);
      const chain = (of: Ruleset | undefined, name: string): string[] => (of?.filter?.rules ?? []).filter((rule) => rule.startsWith(`${name} `));
      const [site, gone] = [siteChain(plan.cluster, 'east'), goneChain(plan.cluster, 'east')];
      const swallowed = [
        `${gone} -s 172.30.0.20/32 -d 172.30.0.2/32 -p tcp -m tcp --sport 40001 --dport 6443 -j DROP`, `${gone} -s 172.30.0.2/32 -d 172.30.0.20/32 -p tcp -m tcp --sport 6443 --dport 40001 -j DROP`,
        `${gone} -s 172.30.0.20/32 -d 172.30.0.3/32 -p tcp -m tcp --sport 40001 --dport 30132 -j DROP`, `${gone} -s 172.30.0.3/32 -d 172.30.0.20/32 -p tcp -m tcp --sport 30132 --dport 40001 -j DROP`];
      // A black hole and dead connections at once: each ends by itself, in either order.
      assert.deepEqual([chain(both, site), chain(both, gone)], [[`${site} -j DROP`], swallowed]);
      assert.deepEqual([chain(swallowing, site), chain(swallowing, gone)], [[], swallowed]);
      assert.deepEqual([chain(holedOnly, site), chain(holedOnly, gone)], [[`${site} -j DROP`], []]);
      assert.deepEqual(readSwallowed(swallowing?.filter?.rules.map((rule) => `-A ${rule}`).join('\n') ?? '', '172.30.0.20'), dead);
      for (const end of ['-s', '-d']) assert.ok(once.filter?.rules.some((rule) => rule.endsWith(`${end} 172.30.0.20/32 -j ${gone}`)));
      // A WAN that loses one way, and two nodes apart, beside a black hole: each ends by itself, and nothing is left.
      const cluster = { name: plan.cluster, nodes: [{ tier: 'cloud', address: '172.30.0.2' }, { tier: 'edge', site: 'east', address: '172.30.0.4' }, { tier: 'edge', site: 'east', address: '172.30.0.5' }], wans: [{ site: 'east', address: '172.30.0.20' }] } as unknown as ClusterState;
      const pairs: readonly [Pair, Pair] = [[{ address: '172.30.0.4' }, { address: '172.30.0.5' }], [{ address: '172.30.0.5' }, { address: '172.30.0.6' }]];
      const listed = pairs.map((pair) => (apartScript(plan.cluster, pair, true, '') ?? '').split('\n').filter((line) => line.startsWith('-A ')).join('\n'));
      const [loses, apart] = inNamespace([
        await file('once', applyScript(plan, {})), hole.on,
        ...await Promise.all((['mute', 'deaf'] as const).map(async (way) => await file(way, oneWayScript(cluster, 'east', way, true)))),
        ...await Promise.all(pairs.map(async (pair, index) => await file(`apart-${index}`, apartScript(plan.cluster, pair, true, '') ?? ''))), save,
        await file('deaf-off', oneWayScript(cluster, 'east', 'deaf', false)), hole.off, await file('together', apartScript(plan.cluster, pairs[0], false, listed.join('\n')) ?? ''), save,
      ]);
      const [mute, deaf, parted] = [muteChain(plan.cluster, 'east'), deafChain(plan.cluster, 'east'), apartChain(plan.cluster)];
      assert.deepEqual([mute, deaf, parted].map((name) => chain(loses, name).length), [8, 8, 4]);
      assert.ok(chain(loses, mute).includes(`${mute} -s 172.30.0.5/32 -d 172.30.0.20/32 -j DROP`));
      assert.ok(chain(loses, deaf).includes(`${deaf} -s 172.30.0.2/32 -d 172.30.0.20/32 -j DROP`));
      assert.deepEqual([mute, deaf, parted].map((name) => chain(apart, name).length), [8, 0, 2]);
      const left = chain(apart, parted).map((rule) => `-A ${rule}`).join('\n');
      assert.deepEqual(pairs.map((pair) => readApart(plan.cluster, pair, left)), [false, true]);
      assert.deepEqual([apartScript(plan.cluster, pairs[1], true, left), apartScript(plan.cluster, pairs[0], false, left)], [undefined, undefined]);
      const met = readOneWay(spawnSync('unshare', ['-n', 'sh', '-c', [`${flavour} -N DOCKER-USER`, await file('fresh', applyScript(plan, {})), await file('mute', oneWayScript(cluster, 'east', 'mute', true)), `${flavour} -v -S ${mute}`].join(' && ')], { encoding: 'utf8' }).stdout);
      assert.deepEqual([...met.handshakes.keys()], ['172.30.0.4 172.30.0.20', '172.30.0.5 172.30.0.20']);
      assert.deepEqual([[...met.lost.keys()].length, [...met.passed.keys()].length, met.lost.get(legKey(['172.30.0.20', '172.30.0.2']))], [3, 3, 0]);

      assert.deepEqual(removed?.filter, before.filter);
      assert.deepEqual(removed?.nat?.rules, []);
      assert.equal(once.mangle?.rules.filter((rule) => /^(?:PREROUTING|INPUT|FORWARD) /.test(rule)).length, 10);
      assert.deepEqual(removed?.mangle, { chains: ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'], rules: [] });
    } finally {
      await rm(dir, { recursive: true });
    }
  });
}
