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
    if (argv[0] === 'ss') return { code: 0, stdout: connections, stderr: '' };
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
  assert.match(await hole.verify(context([silent, silent, silent], 'one\ntwo\n')), /^edge: no answer to a SYN .*; 2 earlier connections/);
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

/** A node whose kernel resets what it holds open, or does not. */
function resets(able: boolean, connections: string): FaultContext {
  let now = connections;
  const exec = async (_node: string, argv: string[]) => {
    const stdout = now;
    if (argv.includes('--kill') && able) now = '0 0 10.0.0.3:5000 10.0.0.2:30132\n';
    return { code: 0, stdout, stderr: '' };
  };
  return { cluster, docker: { exec } as unknown as Docker, signal: AbortSignal.timeout(300) } as unknown as FaultContext;
}

test('connections are reset when none of those before is left; new ones do not count', async () => {
  const one = '0      0      10.0.0.3:4711      10.0.0.2:30132\n';
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

/** A node that is cut off from what the cloud goes on holding; `hears`: something of the end gets through. */
function rebinds({ hears = false, connections = '0 0 10.0.0.3:4711 10.0.0.2:30132\n', held = [30132] }): FaultContext & { readonly rules: string[] } {
  const rules: string[] = [];
  let cut = false;
  const exec = async (node: string, argv: string[]) => {
    if (argv[0] === 'sh') {
      const tracked = held.map((port, index) => `tcp 6 86390 ESTABLISHED src=10.0.0.9 dst=10.0.0.2 sport=${40_000 + index} dport=${port} src=10.244.1.2 dst=10.0.0.2 sport=8132 dport=9 [ASSURED] mark=0 use=1\n`).join('');
      return { code: 0, stdout: node === 'cloud' ? `${tracked}#sockets\n${cut && hears ? '' : '0 0 10.244.1.2:8132 10.0.0.2:9'}\n` : '#sockets\n', stderr: '' };
    }
    const stdout = cut ? '' : connections;
    if (argv.includes('--kill')) cut = true;
    return { code: 0, stdout, stderr: '' };
  };
  const run = async (argv: string[], { input }: { input: string }) => {
    if (argv.some((word) => word.includes('-S "$1"'))) return { code: 0, stdout: `${rules.join('\n')}\n`, stderr: '' };
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
  assert.equal(felt.rules.length, 2);
  assert.equal(await rebind.verify(felt), "1 connections have ended at the site's nodes, and the cloud still holds 1 of 1: tunnel at cloud from port 40000");
  // Once more: what is left over of the first time does not count.
  const again = createFault('wan-rebind', 'site east');
  await again.inject(felt);
  assert.equal(felt.rules.length, 2);
  await assert.rejects(again.verify(felt), { code: 'FAULT_NO_VICTIM' });
  const heard = createFault('wan-rebind', 'site east');
  const ctx = rebinds({ hears: true });
  await heard.inject(ctx);
  await assert.rejects(heard.verify(ctx), { code: 'FAULT_NOT_SEEN', message: /the cloud has heard of the end of tunnel at cloud from port 40000/ });
  const idle = createFault('wan-rebind', 'site east');
  const nothing = rebinds({ held: [] });
  await idle.inject(nothing);
  await assert.rejects(idle.verify(nothing), { code: 'FAULT_NO_VICTIM' });
});
