// Sections are of the CNI specification 1.1.0 (https://www.cni.dev/docs/spec/).
import assert from 'node:assert/strict';
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { PluginFolder } from './testing/plugin-folder.ts';

/** A network namespace with a process in it: this one's. */
const running = '/proc/self/ns/net';

test('section 4 and 5, IPAM: the result has ips, routes and dns, in the version that was asked for, and no interfaces', () => {
  using plugin = new PluginFolder();
  const dns = { nameservers: ['10.96.0.10'] };
  const result = plugin.result('ADD', { config: { dns } });
  assert.deepEqual(result, { cniVersion: '1.1.0', ips: [{ address: '10.244.1.2/29', gateway: '10.244.1.1' }], routes: [{ dst: '10.244.0.0/16' }], dns });
  for (const cniVersion of ['0.3.0', '0.3.1', '0.4.0']) assert.deepEqual(plugin.result('ADD', { config: { cniVersion } }), { cniVersion, ips: [{ version: '4', address: '10.244.1.2/29', gateway: '10.244.1.1' }], routes: [{ dst: '10.244.0.0/16' }], dns: {} });
  assert.deepEqual(plugin.result('ADD', { config: { cniVersion: '1.0.0' } }), { cniVersion: '1.0.0', ips: [{ address: '10.244.1.2/29', gateway: '10.244.1.1' }], routes: [{ dst: '10.244.0.0/16' }], dns: {} });
});

test('section 5, ADD: mtu, advmss, priority, table and scope of a route are 1.1.0\'s', () => {
  using plugin = new PluginFolder();
  const ipam = { routes: [{ dst: '0.0.0.0/0', gw: '10.244.1.1', mtu: 1450, priority: 5 }] };
  assert.deepEqual(plugin.result('ADD', { ipam })!['routes'], ipam.routes);
  assert.deepEqual(plugin.result('ADD', { ipam, config: { cniVersion: '1.0.0' } })!['routes'], [{ dst: '0.0.0.0/0', gw: '10.244.1.1' }]);
  assert.equal('routes' in plugin.result('ADD', { ipam: { routes: [] } })!, false);
});

test('section 2, VERSION: all versions, and the one that was asked with', () => {
  using plugin = new PluginFolder();
  const { ok, text } = plugin.call('VERSION', { config: { cniVersion: '0.4.0' } });
  assert.deepEqual([ok, JSON.parse(text)], [true, { cniVersion: '0.4.0', supportedVersions: ['0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'] }]);
});

test('section 5, error 4: every variable that is wrong is named', () => {
  using plugin = new PluginFolder();
  const { code, msg } = plugin.error('ADD', { environment: { CNI_CONTAINERID: '../x', CNI_IFNAME: 'a/b', CNI_NETNS: undefined, CNI_ARGS: 'x' } });
  assert.equal(code, 4);
  for (const name of ['CNI_CONTAINERID', 'CNI_IFNAME', 'CNI_NETNS', 'CNI_ARGS']) assert.ok(msg.includes(name), msg);
  for (const CNI_COMMAND of [undefined, '', 'add', 'PING']) assert.equal(plugin.error('ADD', { environment: { CNI_COMMAND } }).code, 4);
  for (const CNI_IFNAME of ['', '.', '..', 'a b', 'a:b', 'sixteen-bytes-xx']) assert.equal(plugin.error('ADD', { environment: { CNI_IFNAME } }).code, 4, CNI_IFNAME);
});

test('section 2, DEL: no namespace is needed, none that is known either, and twice is as once', () => {
  using plugin = new PluginFolder();
  plugin.add();
  for (let time = 0; time < 2; time += 1) assert.equal(plugin.result('DEL', { environment: { CNI_NETNS: undefined } }), undefined);
  assert.equal(plugin.result('DEL', { container: 'unknown' }), undefined);
  assert.deepEqual(plugin.state.reservations.map(({ addresses, sandboxes }) => [addresses, sandboxes]), [[['10.244.1.2'], []]]);
});

test('section 2, DEL: it succeeds although the ranges are not readable any more', () => {
  using plugin = new PluginFolder();
  plugin.add({ pod: undefined });
  plugin.result('DEL', { ipam: { ranges: 'x' } });
  assert.deepEqual(plugin.state.reservations, []);
});

test('a Pod has one address over its sandboxes, another interface of it another', () => {
  using plugin = new PluginFolder();
  assert.equal(plugin.add(), '10.244.1.2');
  assert.equal(plugin.add({ ifname: 'eth1' }), '10.244.1.3');
  plugin.result('DEL');
  assert.equal(plugin.add({ container: 'c2', pod: ['other', 'uid-2'] }), '10.244.1.4');
  assert.equal(plugin.add({ container: 'c3' }), '10.244.1.2');
});

test('a container of no Pod has its own, until its DEL', () => {
  using plugin = new PluginFolder();
  assert.equal(plugin.add({ pod: undefined }), '10.244.1.2');
  assert.equal(plugin.add({ pod: undefined, container: 'c2' }), '10.244.1.3');
  plugin.result('DEL', { pod: undefined });
  assert.deepEqual(plugin.state.reservations.map(({ owner }) => owner), [{ container: 'c2' }]);
  // A runtime that does not tell the UID tells too little.
  plugin.add({ container: 'c3', environment: { CNI_ARGS: 'K8S_POD_NAMESPACE=default;K8S_POD_NAME=web' } });
  assert.deepEqual(plugin.state.reservations.at(-1)!.owner, { container: 'c3' });
});

test('section 5, error 11: another sandbox of the Pod runs with the address', () => {
  using plugin = new PluginFolder();
  plugin.add({ netns: running });
  const { code, msg } = plugin.error('ADD', { container: 'c2', netns: running });
  assert.equal(code, 11);
  assert.match(msg, /10\.244\.1\.2 of Pod default\/web \(uid-1\).*c1/);
});

test('section 5, codes of its own: 100, the range is full; 101, the range is another', () => {
  using plugin = new PluginFolder();
  for (const index of [1, 2, 3, 4, 5]) plugin.add({ container: `c${index}`, pod: [`web-${index}`, `uid-${index}`] });
  const full = plugin.error('ADD', { container: 'c6', pod: ['web-6', 'uid-6'] });
  assert.deepEqual([full.code, full.msg], [100, 'all 5 addresses of 10.244.1.0/29 (10.244.1.1 to 10.244.1.6) are reserved']);
  plugin.result('DEL', { container: 'c2' });
  const moved = plugin.error('ADD', { container: 'c7', pod: ['web-2', 'uid-2'], ipam: { ranges: [[{ subnet: '10.244.9.0/29' }]] } });
  assert.equal(moved.code, 101);
  assert.match(moved.msg, /10\.244\.1\.3, which Pod default\/web-2 \(uid-2\) has, is not in 10\.244\.9\.0\/29/);
  // A Pod without an address yet gets one of the new range.
  assert.equal(plugin.add({ container: 'c8', pod: ['web-8', 'uid-8'], ipam: { ranges: [[{ subnet: '10.244.9.0/29' }]] } }), '10.244.9.2');
});

test('section 2, CHECK: the reservation and prevResult agree; it came with 0.4.0', () => {
  using plugin = new PluginFolder();
  const prevResult = plugin.result('ADD');
  assert.equal(plugin.result('CHECK', { config: { prevResult } }), undefined);
  const others = { ...prevResult, ips: [...(prevResult!['ips'] as object[]), { address: 'fd00::9/64' }] };
  assert.equal(plugin.result('CHECK', { config: { prevResult: others } }), undefined);
  assert.equal(plugin.error('CHECK', { config: { prevResult: { ips: [{ address: '10.244.1.9/29' }] } } }).code, 102);
  assert.equal(plugin.error('CHECK').code, 7);
  assert.equal(plugin.error('CHECK', { config: { prevResult, cniVersion: '0.3.1' } }).code, 1);
  assert.equal(plugin.error('CHECK', { config: { prevResult }, ipam: { ranges: [[{ subnet: '10.9.0.0/24' }]] } }).code, 101);
  plugin.result('DEL');
  assert.equal(plugin.error('CHECK', { config: { prevResult } }).code, 102);
});

test('section 2, GC: sandboxes that are not valid hold nothing; Pods keep their addresses', () => {
  using plugin = new PluginFolder();
  plugin.add();
  plugin.add({ container: 'c2', pod: undefined });
  plugin.add({ container: 'c3', pod: undefined });
  plugin.add({ container: 'c4', pod: undefined, netns: running });
  plugin.result('GC', { config: { 'cni.dev/valid-attachments': [{ containerID: 'c3', ifname: 'eth0' }] } });
  assert.deepEqual(plugin.state.reservations.map(({ addresses: [address], sandboxes }) => [address, sandboxes.map(({ container }) => container)]), [['10.244.1.2', []], ['10.244.1.4', ['c3']], ['10.244.1.5', ['c4']]]);
  plugin.result('GC', { config: { 'cni.dev/valid-attachments': null } });
  assert.equal(plugin.state.reservations.length, 2);
  assert.equal(plugin.error('GC').code, 7);
  assert.equal(plugin.error('GC', { config: { cniVersion: '1.0.0', 'cni.dev/valid-attachments': [] } }).code, 1);
});

test('section 2, STATUS: 50 when no new Pod could have an address; it came with 1.1.0', () => {
  using plugin = new PluginFolder();
  assert.equal(plugin.result('STATUS'), undefined);
  for (const index of [1, 2, 3, 4, 5]) plugin.add({ container: `c${index}`, pod: [`web-${index}`, `uid-${index}`] });
  const { code, msg } = plugin.error('STATUS');
  assert.equal(code, 50);
  assert.match(msg, /no address is left of 10\.244\.1\.0\/29/);
  assert.equal(plugin.error('STATUS', { config: { cniVersion: '1.0.0' } }).code, 1);
});

test('section 5, error 5: the folder cannot be had; STATUS says 50', () => {
  using plugin = new PluginFolder();
  writeFileSync(plugin.dataDir, 'a file');
  assert.equal(plugin.error('ADD').code, 5);
  assert.equal(plugin.error('STATUS').code, 50);
});

test('what the plugin keeps is its user\'s alone', () => {
  using plugin = new PluginFolder();
  plugin.add();
  assert.equal(statSync(dirname(plugin.stateFile)).mode & 0o777, 0o700);
  for (const name of readdirSync(dirname(plugin.stateFile))) assert.equal(statSync(join(dirname(plugin.stateFile), name)).mode & 0o777, 0o600, name);
});

test('a DEL of what is not known writes nothing', () => {
  using plugin = new PluginFolder();
  plugin.add();
  const before = readFileSync(plugin.stateFile);
  chmodSync(plugin.stateFile, 0o400);
  plugin.result('DEL', { container: 'other' });
  assert.deepEqual(readFileSync(plugin.stateFile), before);
  assert.equal(statSync(plugin.stateFile).mode & 0o777, 0o400);
  assert.equal(existsSync(`${plugin.stateFile}.new`), false);
});
