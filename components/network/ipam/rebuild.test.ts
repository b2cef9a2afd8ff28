import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, statSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { network, PluginFolder } from './testing/plugin-folder.ts';

/** A network namespace with a process in it: this one's. */
const running = '/proc/self/ns/net';

/** As libcni keeps it. */
function writeResult(plugin: PluginFolder, container: string, pod: readonly [string, string] | undefined, address: string, { netns = '/gone', seconds = 1 } = {}): void {
  mkdirSync(plugin.resultsFolder, { recursive: true });
  const path = join(plugin.resultsFolder, `${network}-${container}-eth0`);
  const cniArgs = pod && [['K8S_POD_NAMESPACE', 'default'], ['K8S_POD_NAME', pod[0]], ['K8S_POD_UID', pod[1]]];
  writeFileSync(path, JSON.stringify({ kind: 'cniCacheV1', containerId: container, ifName: 'eth0', networkName: network, netns, cniArgs, result: { ips: [{ address: `${address}/29`, interface: 2 }] } }));
  utimesSync(path, seconds, seconds);
}

test('on a node where another IPAM plugin has been, running Pods keep what they have, and nobody else gets it', () => {
  using plugin = new PluginFolder();
  writeResult(plugin, 'old-1', ['web', 'uid-1'], '10.244.1.2', { netns: running });
  writeResult(plugin, 'old-2', ['db', 'uid-2'], '10.244.1.3');
  writeFileSync(join(plugin.resultsFolder, `${network}-broken-eth0`), '{"kind":');
  assert.equal(plugin.add({ container: 'c9', pod: ['new', 'uid-9'] }), '10.244.1.4');
  assert.equal(plugin.add({ container: 'c2', pod: ['db', 'uid-2'] }), '10.244.1.3');
  assert.equal(plugin.error('ADD', { container: 'c1' }).code, 11);
  plugin.result('DEL', { container: 'old-1' });
  assert.equal(plugin.add({ container: 'c1' }), '10.244.1.2');
  assert.equal(plugin.told.length, 1);
  assert.match(plugin.told[0]!, /broken-eth0/);
});

test('two results that name one address: it is his who runs, then his who came last', () => {
  using plugin = new PluginFolder();
  writeResult(plugin, 'a', ['one', 'uid-1'], '10.244.1.2', { seconds: 9 });
  writeResult(plugin, 'b', ['two', 'uid-2'], '10.244.1.2', { netns: running });
  writeResult(plugin, 'c', ['three', 'uid-3'], '10.244.1.3', { seconds: 9 });
  writeResult(plugin, 'd', ['four', 'uid-4'], '10.244.1.3', { seconds: 5 });
  plugin.result('DEL', { container: 'x' });
  assert.deepEqual(plugin.state.reservations.map(({ owner, addresses: [address] }) => [(owner as { pod: { name: string } }).pod.name, address]), [['two', '10.244.1.2'], ['three', '10.244.1.3']]);
});

test('a damaged state is set aside, rebuilt and said', () => {
  using plugin = new PluginFolder();
  plugin.add();
  writeResult(plugin, 'c1', ['web', 'uid-1'], '10.244.1.2');
  const size = statSync(plugin.stateFile).size;
  truncateSync(plugin.stateFile, size - 3);
  const prevResult = { ips: [{ address: '10.244.1.2/29' }] };
  // A CHECK repairs it as well, and a STATUS.
  assert.equal(plugin.error('CHECK', { config: { prevResult } }).code, 102);
  assert.equal(plugin.add({ container: 'c2' }), '10.244.1.2');
  assert.match(plugin.told.join(), /damaged and is rebuilt.*reservations\.json\.damaged-1/);
  assert.equal(statSync(`${plugin.stateFile}.damaged-1`).size, size - 3);
  assert.deepEqual(readdirSync(dirname(plugin.stateFile)).sort(), ['lock', 'reservations.json', 'reservations.json.damaged-1']);
});
