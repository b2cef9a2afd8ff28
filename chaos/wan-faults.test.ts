import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CannotTellError } from '../core/errors.ts';
import type { Docker } from '../harness/docker/docker.ts';
import { createFault, type FaultContext } from './fault.ts';

const cluster = {
  name: 'dev',
  nodes: [
    { name: 'control', tier: 'cloud', role: 'control-plane', address: '10.0.0.1' }, { name: 'cloud', tier: 'cloud', role: 'worker', address: '10.0.0.2' },
    { name: 'edge', tier: 'edge', role: 'worker', site: 'east', address: '10.0.0.3' },
  ],
  wans: [{ site: 'east', container: 'dev-wan-east', address: '10.0.0.9' }],
};
const refused = '7 0.000000 000 Could not connect';
const silent = '28 0.000000 000 Timed out';
const open = '52 0.000321 000 Empty reply from server';

/** A node that dials, in this order, the API server and the tunnel at both cloud nodes; `ss` shows what it holds open. */
function context(dials: readonly [string, string, string], connections = '', running = false): FaultContext {
  const exec = async (_node: string, argv: string[]) => {
    if (argv[0] === 'sh') return { code: 0, stdout: `#sockets\n${connections}`, stderr: '' };
    const urls = argv.filter((one) => one.startsWith('http'));
    assert.deepEqual(urls, ['https://10.0.0.1:6443/livez', 'https://10.0.0.1:30132/livez', 'https://10.0.0.2:30132/livez']);
    return { code: 0, stdout: dials.map((line, index) => `${index} ${line}\n`).join(''), stderr: '' };
  };
  const inspect = async () => ({ State: { Running: running } });
  return { cluster, docker: { exec, inspect } as unknown as Docker, signal: AbortSignal.timeout(5000) } as unknown as FaultContext;
}
const down = createFault('wan-down', 'site east');
const hole = createFault('wan-blackhole', 'site east');

test('a WAN is down when every service of the cloud refuses, the tunnel too', async () => {
  assert.match(await down.verify(context([refused, refused, refused])), /^edge: the API server and the tunnel refuse/);
  await assert.rejects(down.verify(context([refused, refused, open])), { code: 'FAULT_NOT_SEEN', message: /edge saw failed at port 30132 \(connected, then: Empty reply/ });
  await assert.rejects(down.verify(context([refused, silent, refused])), { code: 'FAULT_NOT_SEEN', message: /edge saw nothing at port 30132/ });
  const slow = { ...context([refused, refused, refused], '0 0 10.0.0.3:4711 10.0.0.2:30132\n'), signal: AbortSignal.timeout(200) };
  await assert.rejects(down.verify(slow), { name: 'TimeoutError' });
});

test('a black hole is one when nothing is heard of any service', async () => {
  assert.match(await hole.verify(context([silent, silent, silent], '0 0 10.0.0.3:4711 10.0.0.2:30132\n0 0 10.0.0.3:4712 10.0.0.1:6443\n0 0 10.0.0.3:4713 10.0.0.1:22\n')), /^edge: no answer to a SYN .*; 2 earlier connections/);
  await assert.rejects(hole.verify(context([silent, refused, silent])), { code: 'FAULT_NOT_SEEN' });
});

test('a load balancer is stopped when nobody answers at its address, whether the host says so or not', async () => {
  const lb = createFault('lb-stop', 'site east');
  assert.match(await lb.verify(context([refused, silent, silent])), /^edge: Could not connect; edge: Timed out; no connection made before is left$/);
  await assert.rejects(lb.verify(context([refused, refused, refused], '', true)), { code: 'FAULT_NOT_SEEN', message: /the load balancer of east runs/ });
  await assert.rejects(lb.verify(context([refused, silent, open])), { code: 'FAULT_NOT_SEEN', message: /edge saw failed at port 30132/ });
  await assert.rejects(lb.verify({ ...context([refused, silent, silent], '0 0 10.0.0.3:4711 10.0.0.2:30132\n'), signal: AbortSignal.timeout(200) }), { name: 'TimeoutError' });
});

const gone = { inspect: async () => { throw new CannotTellError('CONTAINER_GONE', 'no container dev-wan-east'); } };

test('a load balancer is deleted when its container is gone, not when it only stands still', async () => {
  const lb = createFault('lb-delete', 'site east');
  const ctx = context([refused, silent, silent]);
  await assert.rejects(lb.verify(ctx), { code: 'FAULT_NOT_SEEN', message: /the load balancer of east is still there/ });
  assert.match(await lb.verify({ ...ctx, docker: { ...ctx.docker, ...gone } as unknown as Docker }), /^edge: Could not connect; edge: Timed out; no connection made before is left$/);
  await assert.rejects(lb.verify({ ...context([refused, silent, open]), docker: { ...context([refused, silent, open]).docker, ...gone } as unknown as Docker }), { code: 'FAULT_NOT_SEEN', message: /is deleted, yet: edge saw failed at port 30132/ });
});

test('of a load balancer that is gone there is nothing to enable again', async () => {
  const ctx = context([refused, refused, refused]);
  await down.heal(ctx);
  await down.heal({ ...ctx, docker: { ...ctx.docker, ...gone } as unknown as Docker });
});

/** A node whose kernel resets what it and its Pods hold open, or does not. */
function resets(able: boolean, said: string): FaultContext & { readonly killed: string[] } {
  let now = said;
  const killed: string[] = [];
  const exec = async (_node: string, argv: string[]) => {
    const args = argv.slice(argv.indexOf('edgeproof') + 1);
    killed.push(...args);
    if (args.length > 0 && able) now = '#sockets\n0 0 10.0.0.3:5000 10.0.0.2:30132\n';
    return { code: 0, stdout: now, stderr: '' };
  };
  return { cluster, docker: { exec } as unknown as Docker, signal: AbortSignal.timeout(300), killed } as unknown as FaultContext & { killed: string[] };
}

test('connections are reset when none of those before is left; new ones do not count', async () => {
  const one = '#sockets\n0      0      10.0.0.3:4711      10.0.0.2:30132\n';
  const reset = createFault('wan-reset', 'site east');
  const felt = resets(true, one);
  await assert.rejects(reset.verify(felt), { code: 'FAULT_NOT_SEEN' });
  await reset.inject(felt);
  assert.equal(await reset.verify(felt), '1 connections of the site to the cloud have ended: edge 10.0.0.3:4711 → 10.0.0.2:30132');
  const unfelt = resets(false, one);
  const deaf = createFault('wan-reset', 'site east');
  await deaf.inject(unfelt);
  await assert.rejects(deaf.verify(unfelt), { name: 'TimeoutError' });
  const idle = createFault('wan-reset', 'site east');
  await idle.inject(resets(true, ''));
  await assert.rejects(idle.verify(resets(true, '')), { code: 'FAULT_NO_VICTIM' });
});

test('what a Pod has dialled by a Service, or a node by one, is a connection over the WAN too, and is reset where it is', async () => {
  const behind = (from: string, port: number): string => `tcp 6 86390 ESTABLISHED src=${from} dst=10.96.0.1 sport=${port} dport=443 src=10.0.0.1 dst=10.0.0.3 sport=6443 dport=${port + 1} [ASSURED] use=1\n`;
  const ctx = resets(true, `${behind('10.244.3.4', 5001)}${behind('10.0.0.3', 5002)}#sockets
0 0 10.0.0.3:5002 10.96.0.1:443
0 0 10.0.0.3:5003 10.96.0.1:443
#netns /var/run/netns/cni-1
0 0 [::ffff:10.244.3.4]:5001 [::ffff:10.96.0.1]:443
0 0 10.244.3.4:5004 10.244.3.5:443
`);
  const reset = createFault('wan-reset', 'site east');
  await reset.inject(ctx);
  assert.deepEqual(ctx.killed, ['node', '10.0.0.3:5002', '10.96.0.1:443', '/var/run/netns/cni-1', '[::ffff:10.244.3.4]:5001', '[::ffff:10.96.0.1]:443']);
  assert.equal(await reset.verify(ctx), '2 connections of the site to the cloud have ended: edge 10.0.0.3:5002 → 10.96.0.1:443, edge 10.244.3.4:5001 → 10.96.0.1:443');
});

/** The cloud nodes that a WAN has dialled, with the service's port. */
type Held = readonly (readonly ['control' | 'cloud', number])[];

/** A node that is cut off from what the cloud goes on holding; `hears`: of these services something of the end gets through. */
function rebinds({ hears = [] as readonly number[], connections = '0 0 10.0.0.3:4711 10.0.0.2:30132\n', held = [['cloud', 30132]] as Held }): FaultContext & { readonly rules: string[] } {
  const rules: string[] = [];
  let cut = false;
  const exec = async (node: string, argv: string[]) => {
    const args = argv.slice(argv.indexOf('edgeproof') + 1);
    if (node === 'edge') {
      if (args.length > 0) cut = true;
      return { code: 0, stdout: `#sockets\n${cut ? '' : connections}`, stderr: '' };
    }
    const mine = held.filter(([name]) => name === node).map(([, port], index) => ({ port, index, to: node === 'cloud' ? '10.0.0.2' : '10.0.0.1' }));
    const tracked = mine.map(({ port, index, to }) => `tcp 6 86390 ESTABLISHED src=10.0.0.9 dst=${to} sport=${40_000 + index} dport=${port} src=10.244.1.2 dst=${to} sport=8132 dport=${index} [ASSURED] mark=0 use=1\n`);
    const sockets = mine.filter(({ port }) => !cut || !hears.includes(port)).map(({ index, to }) => `0 0 10.244.1.2:8132 ${to}:${index}\n`);
    return { code: 0, stdout: `${tracked.join('')}#sockets\n${sockets.join('')}`, stderr: '' };
  };
  const run = async (argv: string[], { input }: { input: string }) => {
    if (argv.some((word) => word.includes('-S "$1"'))) return { code: 0, stdout: `${rules.map((rule) => rule.replaceAll(/(-[sd] [\d.]+)/g, '$1/32')).join('\n')}\n`, stderr: '' };
    const wanted = input.split('\n').filter((line) => line.startsWith('-A'));
    assert.ok(!cut || wanted.length >= rules.length, 'what was swallowed stays so');
    rules.splice(0, Infinity, ...wanted);
    return { code: 0, stdout: '', stderr: '' };
  };
  const inspect = async () => ({ Config: { Image: 'node' } });
  return { cluster, docker: { exec, run, inspect } as unknown as Docker, signal: AbortSignal.timeout(5000), rules } as unknown as FaultContext & { rules: string[] };
}

test('a site has come back at another address when its nodes have lost their connections and the cloud holds them all', async () => {
  const rebind = createFault('wan-rebind', 'site east');
  const felt = rebinds({});
  await rebind.inject(felt);
  assert.deepEqual(felt.rules, ['-A EDGEPROOF-dev/east/gone -s 10.0.0.9 -d 10.0.0.2 -p tcp -m tcp --sport 40000 --dport 30132 -j DROP', '-A EDGEPROOF-dev/east/gone -s 10.0.0.2 -d 10.0.0.9 -p tcp -m tcp --sport 30132 --dport 40000 -j DROP']);
  assert.equal(await rebind.verify(felt), "1 connections have ended at the site's nodes, and the cloud still holds 1 of 1: tunnel at cloud from port 40000");
  // Once more: what is left over of the first time does not count.
  const again = createFault('wan-rebind', 'site east');
  await again.inject(felt);
  assert.equal(felt.rules.length, 2);
  await assert.rejects(again.verify(felt), { code: 'FAULT_NO_VICTIM' });
  const idle = createFault('wan-rebind', 'site east');
  const nothing = rebinds({ held: [] });
  await idle.inject(nothing);
  await assert.rejects(idle.verify(nothing), { code: 'FAULT_NO_VICTIM' });
});

test('the cloud hears of no service, however much it still holds of another', async () => {
  const held = [['cloud', 30132], ['control', 6443]] as const;
  for (const [hears, said] of [[30132, 'tunnel at cloud'], [6443, 'apiserver at control']] as const) {
    const rebind = createFault('wan-rebind', 'site east');
    const ctx = rebinds({ hears: [hears], held });
    await rebind.inject(ctx);
    await assert.rejects(rebind.verify(ctx), { code: 'FAULT_NOT_SEEN', message: `the cloud has heard of the end of ${said} from port 40000` });
  }
  const rebind = createFault('wan-rebind', 'site east');
  const ctx = rebinds({ held });
  await rebind.inject(ctx);
  assert.match(await rebind.verify(ctx), /the cloud still holds 2 of 2/);
});
