import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeState } from '../../../components/network/ipam/store/format.ts';
import { cniFile } from './files.ts';
import { filesOfFlannel } from './give-back.ts';

const config = cniFile({ podCidr: '10.244.1.0/26', podSubnet: '10.244.0.0/16', mtu: 1450 });

test('host-local is told what sandboxes have, and flannel\'s plugin how to take it from them; nothing of Pods that have none', () => {
  const state = encodeState({
    changes: 7,
    last: ['10.244.1.9'],
    reservations: [
      { owner: { pod: { namespace: 'default', name: 'a', uid: 'u' } }, ifname: 'eth0', addresses: ['10.244.1.5'], sandboxes: [{ container: 'c1', netns: '/run/netns/1' }], change: 1 },
      { owner: { pod: { namespace: 'default', name: 'b', uid: 'v' } }, ifname: 'eth0', addresses: ['10.244.1.6'], sandboxes: [], change: 2 },
    ],
  });
  const { '/var/lib/cni/flannel/c1': delegate, ...rest } = filesOfFlannel(state.toString(), config);
  assert.deepEqual(rest, { '/var/lib/cni/networks/cbr0/10.244.1.5': 'c1\r\neth0' });
  const { type, name, ipam } = JSON.parse(delegate ?? '') as { type: string; name: string; ipam: object };
  assert.deepEqual([type, name, ipam], ['bridge', 'cbr0', { type: 'host-local', ranges: [[{ subnet: '10.244.1.0/26' }]], routes: [{ dst: '10.244.0.0/16' }] }]);
});

test('what cannot be read is an error: addresses would be given twice', () => {
  assert.throws(() => filesOfFlannel('{"reservations":', config));
  assert.throws(() => filesOfFlannel('', config));
});
