import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { test } from 'node:test';
import { type ClusterState } from '../cluster/state.ts';
import { type Docker } from '../docker/docker.ts';
import { readCurl } from './dial.ts';
import { demandIsolated, demandKeptIn, probeReachability, type ReachResult } from './reachability.ts';
import { reachPlan } from './reach-plan.ts';

const node = (name: string, tier: 'cloud' | 'edge', address: string, site?: string): ClusterState['nodes'][number] =>
  ({ name, tier, role: name === 'cp' ? 'control-plane' : 'worker', address, ...(site !== undefined && { site }) });

const cluster = (interSite: 'deny' | 'allow'): ClusterState => ({
  topology: { interSite, overlay: { podSubnet: '10.244.0.0/16', serviceSubnet: '10.96.0.0/16', nodeCidrMask: 24 } },
  nodes: [node('cp', 'cloud', '10.0.0.2'), node('worker', 'cloud', '10.0.0.3'), node('e1', 'edge', '10.0.0.4', 'east'), node('e2', 'edge', '10.0.0.5', 'east'), node('w1', 'edge', '10.0.0.6', 'west')],
  wans: [{ site: 'east', container: 'wan-east', address: '10.0.0.20' }, { site: 'west', container: 'wan-west', address: '10.0.0.21' }],
}) as unknown as ClusterState;

test('curl\'s words', () => {
  assert.equal(readCurl('0 0 0.001234 200 ', true).seen, 'answers');
  assert.equal(readCurl('3 52 0.001234 000 Empty reply from server', false).seen, 'answers');
  assert.equal(readCurl('3 35 0.000000 000 OpenSSL/3.0.19: unexpected eof', true).seen, 'failed');
  assert.equal(readCurl('3 7 0.000000 000 Failed to connect to 10.0.0.4 port 9 after 1 ms: Couldn\'t connect to server', false).seen, 'refused');
  assert.equal(readCurl('3 28 0.000000 000 Connection timed out after 2001 milliseconds', false).seen, 'nothing');
  assert.equal(readCurl(undefined, false).seen, 'failed');
});

test('every pair of nodes on different sides is probed, both ways', () => {
  const plan = reachPlan(cluster('deny'));
  const pairs = (about: string): Set<string> => new Set(plan.filter((probe) => probe.about === about).map((probe) => `${probe.from} ${probe.to}`));
  assert.equal(pairs('edge-to-cloud').size, 6);
  assert.equal(pairs('cloud-to-edge').size, 6);
  assert.deepEqual([...pairs('within-site')], ['e1 e2', 'e2 e1']);
  assert.equal(pairs('between-sites').size, 4);
  assert.equal(pairs('wan-itself').size, 6);
  assert.deepEqual([...pairs('wan')], ['e1 cp', 'e2 cp', 'w1 cp']);
  assert.ok(plan.filter((probe) => probe.about === 'between-sites').every((probe) => probe.expected === 'nothing'));
  assert.ok(reachPlan(cluster('allow')).filter((probe) => probe.about === 'between-sites').every((probe) => probe.expected === 'reached'));
  assert.ok(reachPlan(cluster('deny'), ['w1']).every((probe) => probe.from === 'w1' || probe.to === 'w1'));
});

test('every node is asked for addresses that nobody in the cluster has', () => {
  const asked = reachPlan(cluster('deny')).filter((probe) => probe.about === 'way-out');
  assert.equal(asked.length, 2 * 5);
  assert.deepEqual([...new Set(asked.map(({ address }) => address))], ['10.96.255.255', '10.244.255.255']);
  // All parts of the Pods' range are taken: its last address may be a Pod's, or lead to a node.
  const full = { ...cluster('deny'), topology: { interSite: 'deny', overlay: { podSubnet: '10.244.0.0/22', serviceSubnet: '10.96.0.0/16', nodeCidrMask: 24 } } } as unknown as ClusterState;
  assert.ok(reachPlan(full).filter((probe) => probe.about === 'way-out').every(({ address }) => address === '10.96.255.255'));
});

test('a packet that left is a leak, whoever answered it or did not', () => {
  const result: ReachResult = { about: 'way-out', from: 'e1', to: 'a Service that is not there', address: '10.96.255.255', port: 9, expected: 'refused', seen: 'refused', detail: '', ok: true };
  const all = [result, result, { ...result, from: 'e2' }, { ...result, from: 'e2' }];
  demandIsolated(demandKeptIn(all, () => 2));
  // Three packets of one node do not make up for one of another that left.
  const met = new Map([['e1', 3], ['e2', 1]]);
  const leaks = demandKeptIn(all, (node) => met.get(node)!);
  assert.deepEqual(leaks.map(({ ok }) => ok), [true, true, false, false]);
  assert.throws(() => demandIsolated(leaks), { code: 'ISOLATION_LEAK', message: /e2 → .*to be refused by the Docker host.*the host's rules have met 1 packets of 2 dials of e2/ });
  for (const seen of ['answers', 'refused'] as const) assert.throws(() => demandIsolated([{ ...result, seen, ok: false }]), { code: 'ISOLATION_LEAK' });
  assert.throws(() => demandIsolated([{ ...result, seen: 'failed', ok: false }]), { code: 'ISOLATION_NO_WAY' });
});

test('a leak is named; what is merely missing has another code', () => {
  const result: ReachResult = { about: 'edge-to-cloud', from: 'e1', to: 'cp', address: '10.0.0.2', port: 10_250, expected: 'nothing', seen: 'refused', detail: '', ok: false };
  assert.throws(() => demandIsolated([result]), { code: 'ISOLATION_LEAK', message: /LEAK: e1 → cp \(10\.0\.0\.2\) port 10250: expected nothing, saw refused/ });
  assert.throws(() => demandIsolated([{ ...result, about: 'wan', expected: 'answers', seen: 'nothing' }]), { code: 'ISOLATION_NO_WAY' });
  assert.throws(() => demandIsolated([{ ...result, about: 'wan', expected: 'refused', seen: 'answers' }]), { code: 'ISOLATION_LEAK' });
  demandIsolated([{ ...result, seen: 'nothing', ok: true }]);
});

test('probing does not heal a WAN that is down, and enables again those that it shut', async () => {
  const enabled = new Map([['east', false], ['west', true]]);
  const changes: string[] = [];
  /** Toxiproxy of a site, by the port that Docker says. */
  const servers = await Promise.all([...enabled.keys()].map(async (site) => {
    const server = createServer((request, response) => {
      if (request.method === 'POST') {
        enabled.set(site, !enabled.get(site));
        changes.push(`${site} ${enabled.get(site)}`);
      }
      response.end(JSON.stringify({ name: 'apiserver', listen: '0.0.0.0:6443', upstream: '10.0.0.2:6443', enabled: enabled.get(site), toxics: [] }));
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    return { site, server };
  }));
  const docker = {
    inspect: async () => ({ Config: { Image: 'node' } }),
    run: async (argv: string[]) => ({ code: 0, stderr: '', stdout: argv[0] === 'run' ? '-A EDGEPROOF-dev -s 10.0.0.4/32 -d 10.96.0.0/16 -p tcp -c 9 9 -j REDIRECT --to-ports 1\n' : `127.0.0.1:${(servers.find(({ site }) => argv[1] === `dev-wan-${site}`)!.server.address() as AddressInfo).port}\n` }),
    exec: async () => ({ code: 0, stdout: '', stderr: '' }),
  } as unknown as Docker;
  const dev = { ...cluster('deny'), name: 'dev', topology: { ...cluster('deny').topology, sites: [] } } as unknown as ClusterState;
  try {
    await assert.rejects(probeReachability(docker, dev, { signal: AbortSignal.timeout(10_000) }), { code: 'WAN_DOWN', message: /site east is down already/ });
    assert.deepEqual(changes, ['west false', 'west true']);
  } finally {
    for (const { server } of servers) server.close().closeAllConnections();
  }
});
