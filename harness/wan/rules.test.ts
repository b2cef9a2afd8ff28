import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { apartChain, clusterChain, deafChain, edgePairs, filterRules, goneChain, isChainOf, mangleRules, muteChain, natRules, severedPairs, siteChain, type IsolationPlan } from './rules.ts';

const plan: IsolationPlan = {
  cluster: 'dev',
  subnet: '172.30.0.0/24',
  bridge: 'br-0123456789ab',
  podSubnet: '10.244.0.0/16',
  serviceSubnet: '10.96.0.0/16',
  cloud: ['172.30.0.2', '172.30.0.3'],
  sites: [
    { name: 'east', wan: '172.30.0.20', nodes: ['172.30.0.4', '172.30.0.5'] },
    { name: 'west', wan: '172.30.0.21', nodes: ['172.30.0.6'] },
  ],
  interSite: 'deny',
};

interface Packet { readonly from: string; readonly to: string; readonly proto: 'tcp' | 'udp'; readonly sport: number; readonly dport: number }

const covers = (cidr: string, address: string): boolean => {
  const [base = '', bits = '32'] = cidr.split('/');
  const number = (text: string): number => text.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  const size = 2 ** (32 - Number(bits));
  return Math.floor(number(base) / size) === Math.floor(number(address) / size);
};

/** What the filter rules do with a packet: a small reader of the rules' own text. */
function verdict(p: IsolationPlan, packet: Packet): 'DROP' | 'pass' {
  const { chains, rules, jumps } = filterRules(p);
  const matches = (rule: string): boolean => {
    const option = (name: string): string | undefined => new RegExp(` ${name} (\\S+)`).exec(` ${rule}`)?.[1];
    return (option('-s') === undefined || covers(option('-s') ?? '', packet.from))
      && (option('-d') === undefined || covers(option('-d') ?? '', packet.to))
      && (option('--ctorigdst') === undefined || covers(option('--ctorigdst') ?? '', packet.to))
      && (option('-p') === undefined || option('-p') === packet.proto)
      && (option('--sport') === undefined || Number(option('--sport')) === packet.sport)
      && (option('--dport') === undefined || Number(option('--dport')) === packet.dport);
  };
  if (!jumps.some(matches)) return 'pass';
  for (const rule of rules) {
    const target = / -j (\S+)/.exec(rule)?.[1];
    if (target === undefined || chains.includes(target) || !matches(rule)) continue; // site chains are empty
    return target === 'DROP' ? 'DROP' : 'pass';
  }
  return 'pass';
}

const tcp = (from: string, to: string, dport: number, sport = 40_000): Packet => ({ from, to, proto: 'tcp', sport, dport });

test('an edge node reaches its own WAN at the service ports, and gets answers', () => {
  for (const port of [6443, 30132]) {
    assert.equal(verdict(plan, tcp('172.30.0.4', '172.30.0.20', port)), 'pass');
    assert.equal(verdict(plan, tcp('172.30.0.20', '172.30.0.4', 40_000, port)), 'pass');
    assert.equal(verdict(plan, tcp('172.30.0.20', '172.30.0.2', port)), 'pass');
    assert.equal(verdict(plan, tcp('172.30.0.3', '172.30.0.20', 40_000, port)), 'pass');
  }
});

test('what is not the way is shut', () => {
  const shut: [string, Packet][] = [
    ['edge to Toxiproxy API', tcp('172.30.0.4', '172.30.0.20', 8474)],
    ['edge to another WAN', tcp('172.30.0.4', '172.30.0.21', 6443)],
    ['WAN to the edge, unasked', tcp('172.30.0.20', '172.30.0.4', 10_250)],
    ['WAN to the cloud at another port', tcp('172.30.0.20', '172.30.0.2', 10_250)],
    ['cloud to WAN, unasked', tcp('172.30.0.2', '172.30.0.20', 6443)],
    ['WAN to WAN', tcp('172.30.0.20', '172.30.0.21', 6443)],
    ['overlay', { from: '172.30.0.4', to: '172.30.0.3', proto: 'udp', sport: 8472, dport: 8472 }],
    ['a stranger on the network', tcp('172.30.0.4', '172.30.0.99', 80)],
    ['a Pod that shows its own address', tcp('10.244.2.5', '172.30.0.2', 6443)],
    ['site to site', tcp('172.30.0.4', '172.30.0.6', 10_250)],
  ];
  for (const [what, packet] of shut) assert.equal(verdict(plan, packet), 'DROP', what);
});

test('nothing for a Service or a Pod leaves the cluster\'s network, from the first packet of the first node on', () => {
  for (const stage of [plan, { ...plan, cloud: [], sites: [] }]) {
    const { rules, jumps } = mangleRules(stage);
    for (const range of ['10.96.0.0/16', '10.244.0.0/16']) {
      assert.ok(rules.includes(`EDGEPROOF-dev -d ${range} -j DROP`));
      // What another network on the host sends to such addresses is its own affair.
      const sent = `-m conntrack --ctorigdst ${range} --ctdir ORIGINAL`;
      for (const hook of ['FORWARD', 'INPUT']) {
        assert.ok(jumps.includes(`${hook} -d ${range} -i br-0123456789ab -j EDGEPROOF-dev`));
        // Also when somebody else's rule has given it another destination.
        assert.ok(jumps.includes(`${hook} -i br-0123456789ab ${sent} -j EDGEPROOF-dev`));
      }
      // The refusal does not depend on what else filters the host's own ports.
      const filter = filterRules(stage);
      assert.ok(filter.rules.includes(`EDGEPROOF-dev -p tcp ${sent} -m tcp --dport 1 -j ACCEPT`));
      assert.ok(filter.jumps.includes(`INPUT -i br-0123456789ab ${sent} -j EDGEPROOF-dev`));
      assert.ok(jumps.includes(`PREROUTING ! -s 172.30.0.0/24 -d ${range} -i br-0123456789ab -j EDGEPROOF-dev`));
      const nat = natRules(stage);
      for (const protocol of ['tcp', 'udp']) assert.ok(nat.rules.includes(`EDGEPROOF-dev -d ${range} -p ${protocol} -j REDIRECT --to-ports 1`));
      // Each node's are counted apart.
      for (const address of [...stage.cloud, ...stage.sites.flatMap(({ nodes }) => nodes)]) assert.ok(nat.rules.includes(`EDGEPROOF-dev -s ${address} -d ${range} -p tcp -j REDIRECT --to-ports 1`));
      assert.ok(nat.jumps.includes(`PREROUTING -s 172.30.0.0/24 -d ${range} -i br-0123456789ab -j EDGEPROOF-dev`));
    }
    assert.equal(jumps.length, 10);
    assert.equal(rules.at(-1), 'EDGEPROOF-dev -j DROP');
  }
});

test('nodes that are kept apart are so before anything lets them pass; who swallows a site\'s packets comes before who counts what has passed', () => {
  const targets = filterRules(plan).rules.map((rule) => / -j (\S+)/.exec(rule)?.[1]);
  const at = (chain: string): number => targets.indexOf(chain);
  assert.ok(at(apartChain('dev')) < at('RETURN') && at(apartChain('dev')) >= 0);
  const order = [siteChain, goneChain, deafChain, muteChain].map((own) => at(own('dev', 'east')));
  assert.deepEqual(order, order.toSorted((a, b) => a - b));
  assert.ok(!order.includes(-1));
});

test('within the cloud, within a site and to the world nothing is in the way', () => {
  assert.equal(verdict(plan, tcp('172.30.0.2', '172.30.0.3', 10_250)), 'pass');
  assert.equal(verdict(plan, { from: '172.30.0.4', to: '172.30.0.5', proto: 'udp', sport: 8472, dport: 8472 }), 'pass');
  assert.equal(verdict(plan, tcp('172.30.0.4', '9.9.9.9', 443)), 'pass');
  assert.equal(verdict({ ...plan, interSite: 'allow' }, tcp('172.30.0.4', '172.30.0.6', 10_250)), 'pass');
});

test('no packet whatever goes straight between edge and cloud', () => {
  const edge = fc.constantFrom(...plan.sites.flatMap((site) => site.nodes));
  const cloud = fc.constantFrom(...plan.cloud);
  const port = fc.integer({ min: 1, max: 65_535 });
  fc.assert(fc.property(edge, cloud, fc.constantFrom('tcp' as const, 'udp' as const), port, port, fc.boolean(), (e, c, proto, sport, dport, up) => {
    assert.equal(verdict(plan, { from: up ? e : c, to: up ? c : e, proto, sport, dport }), 'DROP');
  }));
});

test('every cloud node\'s service port leads an edge node to its own WAN', () => {
  const { rules } = natRules(plan);
  const dnat = rules.filter((rule) => rule.includes('DNAT'));
  assert.equal(dnat.length, 3 * 2 * 2);
  assert.ok(dnat.includes('EDGEPROOF-dev -s 172.30.0.6 -d 172.30.0.3 -p tcp -m tcp --dport 30132 -j DNAT --to-destination 172.30.0.21:30132'));
});

test('chain names fit the kernel, differ, and tell their cluster', () => {
  const name = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,40}$/);
  fc.assert(fc.property(name, name, name, (cluster, other, site) => {
    const chains = [clusterChain(cluster), apartChain(cluster), ...[siteChain, goneChain, muteChain, deafChain].map((own) => own(cluster, site))];
    assert.equal(new Set(chains).size, 6);
    for (const chain of chains) {
      assert.ok(chain.length <= 28, chain);
      assert.ok(isChainOf(cluster, chain));
      if (other !== cluster) assert.ok(!isChainOf(other, chain), `${chain} is not of ${other}`);
    }
  }));
  assert.equal(clusterChain('dev'), 'EDGEPROOF-dev');
  assert.equal(siteChain('dev', 'east'), 'EDGEPROOF-dev/east');
});

test('pairs', () => {
  assert.deepEqual(edgePairs(plan).allowed, [['172.30.0.4', '172.30.0.5'], ['172.30.0.5', '172.30.0.4']]);
  assert.equal(edgePairs(plan).denied.length, 4);
  assert.equal(severedPairs(plan).length, 3 * 2 * 2 + 4);
});
