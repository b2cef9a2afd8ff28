import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SandboxLook } from '../../harness/probes/identity-look.ts';
import { addressOf, holdersIn, roomIn } from './address-use.ts';

const podCidr = '10.244.1.32/27';
const sandbox = (name: string, address: SandboxLook['address']): SandboxLook => ({ namespace: 'ns', name, uid: `uid of ${name}`, ready: true, address });

test('a /27 has room for 29 Pods', () => {
  assert.equal(roomIn(podCidr), 29);
  assert.throws(() => roomIn(''), { code: 'NO_POD_CIDR' });
});

test('an address of the range is held by whoever has it on its interface; on the host\'s network nobody holds one', () => {
  const holders = holdersIn(podCidr, [sandbox('first', '10.244.1.32'), sandbox('last', '10.244.1.63'), sandbox('below', '10.244.1.31'), sandbox('above', '10.244.1.64'), sandbox('host', '172.30.0.4'), sandbox('down', null)]);
  assert.deepEqual([...holders].map(([address, { name }]) => [address, name]), [['10.244.1.32', 'first'], ['10.244.1.63', 'last']]);
  assert.equal(addressOf({ podCidr, holders }, 'uid of last'), '10.244.1.63');
  assert.equal(addressOf({ podCidr, holders }, 'uid of down'), undefined);
});

test('an address of two breaks the promise; one that cannot be read says nothing of it', () => {
  assert.throws(() => holdersIn(podCidr, [sandbox('a', '10.244.1.40'), sandbox('b', '10.244.1.40')]), { code: 'ADDRESS_SHARED', message: /10\.244\.1\.40 is the address of ns\/a and of ns\/b/ });
  assert.throws(() => holdersIn(podCidr, [sandbox('a', { unread: 'gone' })]), { code: 'ADDRESS_UNREAD' });
});
