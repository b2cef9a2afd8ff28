import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Docker } from '../docker/docker.ts';
import type { PodIdentity } from './identity.ts';
import { asksForPods, asNodeSays } from './pods-on-node.ts';
import { addressesOn, sharedAddresses } from './shared-addresses.ts';

const pod = (name: string, ip: string): PodIdentity => ({ kind: 'pod', namespace: 'shop', name, uid: `uid-${name}`, node: 'edge', ip });

test('an address of two Pods is told with both, and no other is', () => {
  assert.deepEqual(sharedAddresses([pod('a', '10.244.1.2'), pod('b', '10.244.1.3')]), []);
  assert.deepEqual(sharedAddresses([pod('a', '10.244.1.2'), pod('b', '10.244.1.3'), pod('c', '10.244.1.2')]), ['shop/a and shop/c on edge have 10.244.1.2 both']);
});

const node = { name: 'edge', address: '172.18.0.4' };
const sandboxOf = (id: string, state = 'SANDBOX_READY'): object => ({ id, metadata: { name: id, uid: `uid-${id}`, namespace: 'shop' }, state, createdAt: '1' });

/** A node whose container runtime has these sandboxes, each with an address; `ending` goes at the second look. */
function nodeWith(addresses: Readonly<Record<string, string>>, { ending, broken }: { readonly ending?: string; readonly broken?: string } = {}): Docker {
  let looks = 0;
  const say = (argv: readonly string[]): string => {
    if (asksForPods(argv)) {
      looks += 1;
      return asNodeSays({ items: Object.keys(addresses).map((id) => sandboxOf(id, id === ending && looks > 1 ? 'SANDBOX_NOTREADY' : 'SANDBOX_READY')) }, { containers: [] });
    }
    if (argv.includes('inspectp')) {
      const id = argv.at(-1)!;
      if (id === ending || id === broken) throw new Error(`no such sandbox ${id}`);
      return JSON.stringify({ status: { network: { ip: addresses[id] }, linux: { namespaces: { options: { network: addresses[id] === node.address ? 'NODE' : 'POD' } } } }, info: { pid: Object.keys(addresses).indexOf(id) + 1 } });
    }
    const pid = Number(argv[argv.indexOf('-t') + 1]);
    return JSON.stringify([{ ifname: 'eth0', addr_info: [{ family: 'inet', scope: 'global', local: Object.values(addresses)[pid - 1] }] }]);
  };
  return { exec: (_: string, argv: readonly string[]) => Promise.resolve().then(() => ({ code: 0, stdout: say(argv), stderr: '' })) } as unknown as Docker;
}

test('those on the network of the host share its address, and do not count', async () => {
  const found = await addressesOn(nodeWith({ a: '10.244.1.2', b: '10.244.1.3', host: node.address, proxy: node.address }), node);
  assert.deepEqual(found.map(({ name, ip }) => [name, ip]), [['a', '10.244.1.2'], ['b', '10.244.1.3']]);
});

test('a Pod that ends while it is looked at is passed over, and one that cannot be read is not', async () => {
  assert.deepEqual((await addressesOn(nodeWith({ a: '10.244.1.2', b: '10.244.1.3' }, { ending: 'b' }), node)).map(({ name }) => name), ['a']);
  await assert.rejects(addressesOn(nodeWith({ a: '10.244.1.2', b: '10.244.1.3' }, { broken: 'b' }), node), /no such sandbox b/);
});
