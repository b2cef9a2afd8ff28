import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { exec } from '../../core/exec.ts';
import { repositoryRoot } from '../../core/paths.ts';

/** In a network of its own, in which one port may be taken by who does not say which. */
const inNetwork = ['unshare', '--net', 'sh', '-c', 'ip link set lo up && echo "40000 40000" > /proc/sys/net/ipv4/ip_local_port_range && exec "$@"', 'edgeproof'] as const;
const able = process.platform === 'linux' && (await exec([...inNetwork, 'true']).then(() => true, () => false));

const main = JSON.stringify(join(repositoryRoot, 'cli', 'main.ts'));
/** Holds that port, if it is told to, and then looks. */
const script = `
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
if (process.argv[1] === 'held') await once(createServer().listen(40000, '127.0.0.1'), 'listening');
const { status, stdout } = spawnSync(process.execPath, [${main}, 'doctor', '--json'], { encoding: 'utf8' });
console.log(JSON.stringify({ status, check: JSON.parse(stdout).checks.find(({ id }) => id === 'ports') }));
process.exit();`;

test('doctor says when no port is free on the loopback, and what to do', { skip: able ? false : 'needs root that may have a network of its own' }, async () => {
  const [free, held] = await Promise.all(['free', 'held'].map(async (how) => JSON.parse((await exec([...inNetwork, process.execPath, '--input-type=module', '--eval', script, how], { env: { EDGEPROOF_HOME: join(tmpdir(), 'edgeproof-nowhere') } })).stdout) as { status: number; check: { status: string; found: string; next?: string } }));
  assert.deepEqual(free!.check.status, 'ok');
  assert.deepEqual([held!.status, held!.check.status], [1, 'you']);
  assert.match(`${held!.check.found}: ${held!.check.next}`, /none can be had on the loopback: .*EADDRINUSE.*: see what holds them all/);
});
