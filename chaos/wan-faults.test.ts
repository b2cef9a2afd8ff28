import assert from 'node:assert/strict';
import { test } from 'node:test';
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

test('of a load balancer that is gone there is nothing to enable again', async () => {
  await down.heal(context([refused, refused, refused]));
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
