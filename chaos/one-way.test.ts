import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Docker } from '../harness/docker/docker.ts';
import { createFault, faultFromRecord, type FaultContext } from './fault.ts';

const cluster = {
  name: 'dev',
  nodes: [{ name: 'control', tier: 'cloud', role: 'control-plane', address: '10.0.0.1' }, { name: 'edge', tier: 'edge', role: 'worker', site: 'east', address: '10.0.0.3' }],
  wans: [{ site: 'east', container: 'dev-wan-east', address: '10.0.0.9' }],
};
const silent = '28 0.000000 000 Timed out';
const open = '0 0.000321 200 ';

/** Where a packet is lost, by the addresses that it has on the Docker host. */
interface Host {
  /** Rules of each chain, with the packets that each has met. */
  readonly chains: Map<string, Map<string, number>>;
  /** A packet goes from one address to another: true when no rule of a chain drops it. */
  send(from: string, to: string, flags?: 'SYN' | 'SYN,ACK'): boolean;
}

/** A link: the WAN answers each SYN that comes to it, and both ends go on sending over what was open before. `elsewhere`: somebody else drops first. */
function link({ elsewhere = [] as readonly string[], idle = false, works = true }) {
  const chains = new Map<string, Map<string, number>>([['EDGEPROOF-dev/east/deaf', new Map()], ['EDGEPROOF-dev/east/mute', new Map()]]);
  const send: Host['send'] = (from, to, flags) => {
    if (elsewhere.includes(`${from} ${to}`)) return false;
    for (const rules of chains.values()) {
      for (const [rule, packets] of rules) {
        const [, source, target, wanted] = / -s (\S+) -d (\S+)(?:.*--tcp-flags \S+ (\S+))?/.exec(rule)!;
        if (source !== from || target !== to || (wanted !== undefined && wanted !== flags)) continue;
        rules.set(rule, packets + 1);
        if (works && rule.endsWith('-j DROP')) return false;
      }
    }
    return true;
  };
  const [edge, wan, cloud] = ['10.0.0.3', '10.0.0.9', '10.0.0.1'];
  const dial = (): string => (send(edge, wan, 'SYN') && send(wan, edge, 'SYN,ACK') && send(edge, wan) && send(wan, cloud) && send(cloud, wan) && send(wan, edge) ? open : silent);
  const exec = async (_: string, argv: string[]) => ({ code: 0, stdout: argv.filter((one) => one.startsWith('http')).map((_url, index) => `${index} ${dial()}\n`).join(''), stderr: '' });
  const run = async (argv: string[], { input }: { input: string }) => {
    const chain = argv.at(-1)!;
    const rules = chains.get(chain);
    if (rules === undefined) return { code: 3, stdout: '', stderr: '' };
    const script = argv.at(-3)!;
    if (script.includes('-restore')) {
      chains.set(chain, new Map(input.split('\n').filter((line) => line.startsWith('-A')).map((line) => [line, 0])));
      return { code: 0, stdout: '', stderr: '' };
    }
    // Meanwhile each end asks over what was open before whether the other is there.
    if (!idle) for (const [from, to] of [[wan, edge], [edge, wan], [wan, cloud], [cloud, wan]] as const) if (send(from, to)) send(to, from);
    const counted = script.includes(' -v ');
    const lines = [...rules].map(([rule, packets]) => {
      const saved = rule.replaceAll(/(-[sd] [\d.]+)/g, '$1/32');
      if (!counted) return saved;
      return saved.endsWith(' -j DROP') ? saved.replace(/ -j DROP$/, ` -c ${packets} 60 -j DROP`) : `${saved} -c ${packets} 60`;
    });
    return { code: 0, stdout: `-N ${chain}\n${lines.join('\n')}\n`, stderr: '' };
  };
  const inspect = async () => ({ Config: { Image: 'node' } });
  const ctx = { cluster, docker: { exec, run, inspect } as unknown as Docker, signal: AbortSignal.timeout(300) } as unknown as FaultContext;
  return { ctx, rules: (way: 'mute' | 'deaf') => chains.get(`EDGEPROOF-dev/east/${way}`)! };
}

for (const [way, kind, said] of [['mute', 'wan-mute', /edge: no answer to a SYN .*; 2 SYNs of edge were lost; since it began: \d+ packets that went from the WAN to edge/], ['deaf', 'wan-deaf', /2 answers to SYNs of edge were lost; since it began: \d+ packets by which the cloud answers/]] as const) {
  test(`${kind}: dials hear nothing, and the other way is open`, async () => {
    const { ctx, rules } = link({});
    const fault = createFault(kind, 'site east');
    await fault.inject(ctx);
    assert.match(await fault.verify(ctx), said);
    // Again, by another process: what was counted stays counted.
    const met = Math.max(...rules(way).values());
    await createFault(kind, 'site east').inject(ctx);
    assert.equal(Math.max(...rules(way).values()) >= met, true);
    assert.match(await createFault(kind, 'site east').verify(ctx), said);
    for (let time = 0; time < 2; time += 1) await faultFromRecord({ id: '1', kind, target: 'site east', startedAt: '' }).heal(ctx);
    assert.equal(rules(way).size, 0);
    await assert.rejects(fault.verify(ctx), { code: 'FAULT_NOT_SEEN', message: /edge saw answers at port 6443/ });
  });

  test(`${kind} is not seen where the way is open, nor in a black hole, nor when the other way is lost too`, async () => {
    const unfelt = link({ works: false });
    await createFault(kind, 'site east').inject(unfelt.ctx);
    await assert.rejects(createFault(kind, 'site east').verify(unfelt.ctx), { code: 'FAULT_NOT_SEEN', message: /edge saw answers/ });
    const hole = link({ elsewhere: ['10.0.0.3 10.0.0.9', '10.0.0.9 10.0.0.3', '10.0.0.1 10.0.0.9', '10.0.0.9 10.0.0.1'] });
    await createFault(kind, 'site east').inject(hole.ctx);
    await assert.rejects(createFault(kind, 'site east').verify(hole.ctx), { code: 'FAULT_NOT_SEEN', message: /lost elsewhere/ });
    const both = link({ elsewhere: way === 'mute' ? ['10.0.0.9 10.0.0.3'] : ['10.0.0.9 10.0.0.1', '10.0.0.1 10.0.0.9'] });
    await createFault(kind, 'site east').inject(both.ctx);
    await assert.rejects(createFault(kind, 'site east').verify(both.ctx));
    const idle = link({ idle: true });
    await createFault(kind, 'site east').inject(idle.ctx);
    await assert.rejects(createFault(kind, 'site east').verify(idle.ctx));
  });
}

test('both ways lost by two faults: neither takes the other for its own', async () => {
  const { ctx, rules } = link({});
  for (const kind of ['wan-deaf', 'wan-mute'] as const) await createFault(kind, 'site east').inject(ctx);
  for (const kind of ['wan-mute', 'wan-deaf'] as const) await assert.rejects(createFault(kind, 'site east').verify(ctx));
  await createFault('wan-deaf', 'site east').heal(ctx);
  assert.deepEqual([rules('mute').size > 0, rules('deaf').size], [true, 0]);
});
