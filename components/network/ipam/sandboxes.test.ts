import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { PluginFolder } from './testing/plugin-folder.ts';
import { addressesIn, lookAtNetns, takeOut } from './sandboxes.ts';

const able = process.getuid?.() === 0 && spawnSync('unshare', ['-n', 'nsenter', '--version']).status === 0 && spawnSync('ip', ['-V']).status === 0;
const real = { skip: able ? (false as const) : 'needs root, unshare, nsenter and ip' };

/** A folder with network namespaces, mounted there as a runtime mounts them; an interface with an address is in each. */
class Namespaces implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'edge-netns-'));
  readonly #made: string[] = [];

  make(name: string, address: string): string {
    const path = join(this.folder, name);
    writeFileSync(path, '');
    run('unshare', `--net=${path}`, 'true');
    this.#made.push(path);
    run('nsenter', `--net=${path}`, 'sh', '-c', `ip link add eth0 type bridge && ip address add ${address}/24 dev eth0 && ip link set eth0 up`);
    return path;
  }

  [Symbol.dispose](): void {
    for (const path of this.#made) run('umount', path);
    rmSync(this.folder, { recursive: true });
  }
}

function run(...argv: string[]): void {
  const { status, stderr } = spawnSync(argv[0]!, argv.slice(1), { encoding: 'utf8' });
  assert.equal(status, 0, `${argv.join(' ')}: ${stderr}`);
}

test('what is not there is gone, also when only the file that it was mounted on is; this process runs in its own', () => {
  const folder = mkdtempSync(join(tmpdir(), 'edge-netns-'));
  try {
    writeFileSync(join(folder, 'file'), '');
    const look = lookAtNetns();
    assert.deepEqual([join(folder, 'none'), join(folder, 'file'), join(folder, 'file', 'x'), '/proc/self/ns/net'].map(look), ['gone', 'gone', 'gone', 'running']);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a namespace is idle while no process is in it; its interface can be taken out, twice', real, async () => {
  using namespaces = new Namespaces();
  const netns = namespaces.make('a', '10.77.0.5');
  assert.equal(lookAtNetns()(netns), 'idle');
  const child = spawn('nsenter', [`--net=${netns}`, 'sh', '-c', 'echo; exec sleep 60'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exit = once(child, 'exit');
  await once(child.stdout, 'data');
  assert.equal(lookAtNetns()(netns), 'running');
  child.kill('SIGKILL');
  await exit;
  assert.equal(lookAtNetns()(netns), 'idle');
  assert.ok(addressesIn(netns).some(({ ifname, address }) => ifname === 'eth0' && address === '10.77.0.5'));
  for (let time = 0; time < 2; time += 1) takeOut({ container: 'c', netns }, 'eth0');
  assert.ok(!addressesIn(netns).some(({ ifname }) => ifname === 'eth0'));
  assert.throws(() => takeOut({ container: 'c', netns: join(namespaces.folder, 'none') }, 'eth0'), /could not be taken out/);
});

test('a Pod whose dead sandbox nobody took down gets its address, which the dead one loses', real, () => {
  using namespaces = new Namespaces();
  using plugin = new PluginFolder();
  assert.equal(plugin.add({ netns: namespaces.make('a', '10.244.1.2') }), '10.244.1.2');
  assert.equal(plugin.add({ container: 'c2', netns: namespaces.make('b', '10.244.1.99') }), '10.244.1.2');
  assert.deepEqual(addressesIn(join(namespaces.folder, 'a')).filter(({ ifname }) => ifname === 'eth0'), []);
  assert.match(plugin.told.join(), /10\.244\.1\.2 taken from the dead sandbox c1/);
});

test('GC takes the interface out of what is idle, and ends it', real, () => {
  using namespaces = new Namespaces();
  using plugin = new PluginFolder();
  plugin.add({ pod: undefined, netns: namespaces.make('a', '10.244.1.2') });
  plugin.result('GC', { config: { 'cni.dev/valid-attachments': [] } });
  assert.deepEqual(plugin.state.reservations, []);
  assert.deepEqual(addressesIn(join(namespaces.folder, 'a')).filter(({ ifname }) => ifname === 'eth0'), []);
});

test('without state and without results: what is in network namespaces is nobody else\'s', real, () => {
  using namespaces = new Namespaces();
  using plugin = new PluginFolder();
  mkdirSync(plugin.netnsFolder);
  writeFileSync(join(plugin.netnsFolder, 'x'), '');
  run('mount', '--bind', namespaces.make('x', '10.244.1.2'), join(plugin.netnsFolder, 'x'));
  try {
    assert.equal(plugin.add(), '10.244.1.3');
    assert.deepEqual(plugin.state.reservations.map(({ owner, addresses }) => [Object.keys(owner)[0], addresses[0]]), [['netns', '10.244.1.2'], ['pod', '10.244.1.3']]);
  } finally {
    run('umount', join(plugin.netnsFolder, 'x'));
  }
});
