// Sections are of the CNI specification 1.1.0 (https://www.cni.dev/docs/spec/).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PluginFolder } from '../testing/plugin-folder.ts';

test('section 5, errors 1, 6 and 7: the configuration', () => {
  using plugin = new PluginFolder();
  const codeOf = (options: Parameters<PluginFolder['error']>[1]): number => plugin.error('ADD', options).code;
  for (const cniVersion of ['0.2.0', '1.2.0', '', undefined]) assert.equal(codeOf({ config: { cniVersion } }), 1);
  assert.equal(codeOf({ config: { cniVersion: 1 } }), 6);
  for (const name of ['', '../x', '.', undefined]) assert.equal(codeOf({ config: { name } }), 7);
  for (const ipam of [undefined, 'x', {}, { ranges: [] }, { ranges: [[]] }, { ranges: {} }, { ranges: [{ subnet: '10.0.0.0/24' }] }, { dataDir: 'relative', subnet: '10.0.0.0/24' }]) assert.equal(codeOf({ config: { ipam } }), 7, JSON.stringify(ipam));
});

test('ranges are read, and refused, as host-local does', () => {
  using plugin = new PluginFolder();
  const refusals: [range: object, message: RegExp][] = [
    [{ subnet: '10.0.0.1/24' }, /host bits.*10\.0\.0\.0\/24/],
    [{ subnet: '10.0.0.0/31' }, /too small/],
    [{ subnet: '10.0.0.0' }, /ADDRESS\/BITS/],
    [{}, /ADDRESS\/BITS/],
    [{ subnet: '10.0.0.0/24', rangeStart: '10.0.1.5' }, /rangeStart 10\.0\.1\.5 is not in 10\.0\.0\.0\/24/],
    [{ subnet: '10.0.0.0/24', rangeEnd: 'fd00::1' }, /rangeEnd/],
    [{ subnet: '10.0.0.0/24', rangeStart: '10.0.0.9', rangeEnd: '10.0.0.5' }, /comes after/],
    [{ subnet: '10.0.0.0/24', gateway: 'x' }, /gateway/],
  ];
  for (const [range, message] of refusals) {
    const { code, msg } = plugin.error('ADD', { ipam: { ranges: [[range]] } });
    assert.equal(code, 7);
    assert.match(msg, message);
  }
  const inDataDir = { dataDir: plugin.dataDir };
  assert.match(plugin.error('ADD', { ipam: { ranges: [[{ subnet: '10.0.0.0/24' }], [{ subnet: '10.0.0.128/25' }]] } }).msg, /ranges overlap/);
  assert.match(plugin.error('ADD', { ipam: { ranges: [[{ subnet: '10.0.0.0/24' }, { subnet: 'fd00::/64' }]] } }).msg, /IPv4 and IPv6/);
  // One range, the old way, beside others; a gateway of its own.
  const result = plugin.result('ADD', { config: { ipam: { ...inDataDir, subnet: '10.0.0.0/24', gateway: '10.0.0.2', rangeStart: '10.0.0.2', rangeEnd: '10.0.0.9', ranges: [[{ subnet: 'fd00::/64' }]] } } })!;
  assert.deepEqual(result['ips'], [{ address: '10.0.0.3/24', gateway: '10.0.0.2' }, { address: 'fd00::2/64', gateway: 'fd00::1' }]);
});

test('section 5, error 2: what cannot be honoured is named, with its value', () => {
  using plugin = new PluginFolder();
  const asked = [{ ipam: { resolvConf: '/etc/resolv.conf' } }, { config: { runtimeConfig: { ips: ['10.244.1.5/29'] } } }, { config: { args: { cni: { ips: ['10.244.1.5'] } } } }, { environment: { CNI_ARGS: 'IP=10.244.1.5' } }];
  for (const options of asked) {
    const { code, msg } = plugin.error('ADD', options);
    assert.equal(code, 2);
    assert.match(msg, /10\.244\.1\.5|\/etc\/resolv\.conf/);
  }
});
