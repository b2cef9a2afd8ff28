import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { repositoryRoot } from '../../core/paths.ts';
import { freePort } from '../tunnel/testing/free-port.ts';
import { until } from '../tunnel/testing/until.ts';
import { http1, World } from './testing/world.ts';

const program = join(repositoryRoot, 'components/hub/main.ts');

test('what is wrong is said on stderr, and the exit code is 254', async () => {
  const run = async (...args: string[]): Promise<string> => {
    const child = spawn(process.execPath, [program, ...args], { env: {}, stdio: ['ignore', 'pipe', 'pipe'] });
    const [error, [code]] = await Promise.all([text(child.stderr), once(child, 'exit') as Promise<[number]>]);
    return `${code} ${error}`;
  };
  await using world = await World.create();
  const good = ['--server=127.0.0.1:1', '--node-name=edge-1', `--ca=${world.pki.path('ca.crt')}`];
  const [missing, none, noCa] = await Promise.all([run('--listen=here'), run(...good), run('--server=127.0.0.1:1', '--node-name=edge-1', '--ca=/none', '--cert=/none', '--key=/none')]);
  assert.match(missing, /^254 edge-hub: --server is missing; --ca is missing; --node-name is missing; --listen must be HOST:PORT/);
  assert.match(none, /^254 edge-hub: the hub needs a certificate to serve with\n {2}next: give --cert and --key, or --pki and --names/);
  assert.match(noCa, /^254 edge-hub: \/none cannot be read: ENOENT\n/);
});

test('the first certificates are made by a process that ends when it has', async () => {
  await using world = await World.create();
  const pki = world.pki.path('made');
  const child = spawn(process.execPath, [program, 'make-pki', '--server=127.0.0.1:1', '--node-name=edge-1', `--ca=${world.pki.path('ca.crt')}`, `--pki=${pki}`, '--names=127.0.0.1'], { env: {}, stdio: ['ignore', 'pipe', 'pipe'] });
  const [out, error, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit') as Promise<[number]>]);
  assert.deepEqual([code, out, error, (await readdir(pki)).sort()], [0, '', '', ['authority-1.pem', 'serving.pem', 'trusted.crt']]);
});

test('the program: an authority of its own, a transparent proxy, health, and an orderly end', async () => {
  await using world = await World.create();
  const [port, health] = [await freePort(), await freePort()];
  const pki = world.pki.path('pki');
  const child = spawn(process.execPath, [
    program, `--server=127.0.0.1:${world.wan.port}`, '--server-name=kubernetes', '--node-name=edge-1', `--ca=${world.pki.path('ca.crt')}`, `--node-certificate=${world.pki.path('node.pem')}`,
    `--listen=127.0.0.1:${port}`, `--health=127.0.0.1:${health}`, `--pki=${pki}`, '--names=127.0.0.1,kubernetes.default.svc', '--drain-ms=200',
  ], { env: {}, stdio: ['ignore', 'pipe', 'pipe'] });
  const [out, error] = [text(child.stdout), text(child.stderr)];
  const ended = once(child, 'exit') as Promise<[number]>;
  try {
    const asked = async (path: string): Promise<string> => await fetch(`http://127.0.0.1:${health}${path}`).then(async (response) => `${response.status} ${await response.text()}`, String);
    await until('it is ready', async () => (await asked('/readyz')) === '200 ok\n', 15_000);
    assert.equal(await asked('/healthz'), '200 ok\n');
    await until('it is connected', async () => (await asked('/metrics')).includes('\nedge_hub_link_connected 1\n'));
    const trusted = await readFile(join(pki, 'trusted.crt'), 'utf8');
    const told = await http1(port, trusted, '/api/v1/nodes/edge-1', { certificate: world.nodePem });
    assert.deepEqual([told.status, world.api.arrived.map(({ certificate }) => certificate)], [200, ['system:node:edge-1']]);
    child.kill('SIGTERM');
    assert.deepEqual(await ended, [0, null]);
    assert.equal(await error, '');
    const lines = (await out).trim().split('\n').map((line) => JSON.parse(line) as { msg: string; node: string; component: string });
    assert.deepEqual(new Set(lines.map(({ node, component }) => `${component} ${node}`)), new Set(['edge-hub edge-1']));
    assert.ok(lines.some(({ msg }) => msg === 'connected'));
  } finally {
    child.kill('SIGKILL');
  }
});

test('edge-hub status says how the hub of this node is, and its exit code whether it is connected', async () => {
  await using world = await World.create();
  const cache = world.pki.path('cache');
  const status = async (...args: string[]): Promise<{ code: number; out: string; error: string }> => {
    const asked = spawn(process.execPath, [program, 'status', `--cache=${cache}`, ...args], { env: {}, stdio: ['ignore', 'pipe', 'pipe'] });
    const [out, error, [code]] = await Promise.all([text(asked.stdout), text(asked.stderr), once(asked, 'exit') as Promise<[number]>]);
    return { code, out, error };
  };
  const before = await status();
  assert.deepEqual([before.code, before.out], [2, '']);
  assert.match(before.error, /^edge-hub: the hub could not be asked at .*status\.sock\n/);
  const [port, health] = [await freePort(), await freePort()];
  const child = spawn(process.execPath, [
    program, `--server=127.0.0.1:${world.wan.port}`, '--node-name=edge-1', `--ca=${world.pki.path('ca.crt')}`, `--node-certificate=${world.pki.path('node.pem')}`, `--listen=127.0.0.1:${port}`,
    `--health=127.0.0.1:${health}`, `--cert=${world.pki.path('serving.crt')}`, `--key=${world.pki.path('serving.key')}`, `--cache=${cache}`, '--log-level=error',
  ], { env: {}, stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = once(child, 'exit') as Promise<[number]>;
  try {
    await until('it is connected', async () => (await status()).code === 0, 15_000);
    world.api.answer = ({ stream }) => {
      stream.respond({ ':status': 200, 'content-type': 'application/json' });
      stream.end(JSON.stringify({ kind: 'PodList', apiVersion: 'v1', metadata: { resourceVersion: '5' }, items: [{ metadata: { name: 'a', resourceVersion: '3' } }] }));
    };
    assert.equal((await world.client(port, world.nodePem).get('/api/v1/pods')).status, 200);
    world.wan.down();
    await until('it is cut off', async () => (await status()).code === 1);
    const { code, out } = await status('--json');
    const report = JSON.parse(out) as { node: string; clients: { identity: string; cached: { resource: string; objects: number }[] }[] };
    assert.deepEqual([code, report.node, report.clients.map(({ identity, cached }) => [identity, cached.map(({ resource, objects }) => `${resource} ${objects}`)])], [1, 'edge-1', [['system:node:edge-1', ['pods 1']]]]);
    assert.match(await fetch(`http://127.0.0.1:${health}/metrics`).then(async (response) => await response.text()), /\nedge_hub_cache_collections 1\n/);
    child.kill('SIGTERM');
    assert.deepEqual(await ended, [0, null]);
  } finally {
    child.kill('SIGKILL');
  }
});
