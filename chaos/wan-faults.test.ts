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
function context(dials: readonly [string, string, string], connections = ''): FaultContext {
  const exec = async (_node: string, argv: string[]) => {
    if (argv[0] === 'ss') return { code: 0, stdout: connections, stderr: '' };
    const urls = argv.filter((one) => one.startsWith('http'));
    assert.deepEqual(urls, ['https://10.0.0.1:6443/livez', 'https://10.0.0.1:30132/livez', 'https://10.0.0.2:30132/livez']);
    return { code: 0, stdout: dials.map((line, index) => `${index} ${line}\n`).join(''), stderr: '' };
  };
  return { cluster, docker: { exec } as unknown as Docker, signal: AbortSignal.timeout(5000) } as unknown as FaultContext;
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
