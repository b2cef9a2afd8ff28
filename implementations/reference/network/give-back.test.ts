import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeState } from '../../../components/network/ipam/store/format.ts';
import { hostLocalFiles } from './give-back.ts';

test('host-local is told what sandboxes have, and nothing of Pods that have none', () => {
  const state = encodeState({
    changes: 7,
    last: ['10.244.1.9'],
    reservations: [
      { owner: { pod: { namespace: 'default', name: 'a', uid: 'u' } }, ifname: 'eth0', addresses: ['10.244.1.5'], sandboxes: [{ container: 'c1', netns: '/run/netns/1' }], change: 1 },
      { owner: { pod: { namespace: 'default', name: 'b', uid: 'v' } }, ifname: 'eth0', addresses: ['10.244.1.6'], sandboxes: [], change: 2 },
    ],
  });
  assert.deepEqual(hostLocalFiles(state.toString()), { '10.244.1.5': 'c1\r\neth0' });
});

test('what cannot be read is an error: addresses would be given twice', () => {
  assert.throws(() => hostLocalFiles('{"reservations":'));
  assert.throws(() => hostLocalFiles(''));
});
