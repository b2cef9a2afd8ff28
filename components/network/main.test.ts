import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { freePort } from '../tunnel/testing/free-port.ts';
import { until } from '../tunnel/testing/until.ts';
import { World } from '../hub/testing/world.ts';
import { PodApi } from './ipam/testing/api.ts';
import { PluginFolder } from './ipam/testing/plugin-folder.ts';

const program = new URL('main.ts', import.meta.url).pathname;

test('the resident: with the kubelet\'s certificate it frees what is gone, tells how it is, and ends in order', async () => {
  await using world = await World.create();
  using plugin = new PluginFolder();
  const api = new PodApi();
  world.api.answer = api.answer;
  const hub = await world.connectedHub();
  plugin.add({ pod: ['a', randomUUID()] });
  const health = await freePort();
  const child = spawn(process.execPath, [program, `--server=127.0.0.1:${hub.front.port()}`, `--ca=${world.pki.path('ca.crt')}`, `--node-certificate=${world.pki.path('node.pem')}`, '--node-name=edge-1', '--mounts-of=self', `--ipam-data=${plugin.dataDir}`, `--ipam-socket=${plugin.path}/s/ipam.sock`, `--health=127.0.0.1:${health}`], { env: {}, stdio: ['ignore', 'pipe', 'pipe'] });
  const [out, error, ended] = [text(child.stdout), text(child.stderr), once(child, 'exit') as Promise<[number]>];
  try {
    const asked = async (path: string): Promise<string> => await fetch(`http://127.0.0.1:${health}${path}`).then(async (response) => `${response.status} ${await response.text()}`, String);
    await until('it is ready', async () => (await asked('/readyz')) === '200 ok\n', 20_000);
    await until('the address is free', () => plugin.state.reservations.length === 0, 20_000);
    assert.match(await asked('/metrics'), /^edge_ipam_freed_total\{network="cbr0"\} 1$/m);
    assert.ok(world.api.arrived.every(({ certificate }) => certificate === 'system:node:edge-1'));
  } finally {
    child.kill('SIGTERM');
  }
  assert.deepEqual(await ended, [0, null]);
  assert.match(await out, /"owner":"Pod default\/a /);
  assert.equal(await error, '');
});
