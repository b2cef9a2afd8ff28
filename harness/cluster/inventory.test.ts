import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Docker } from '../docker/docker.ts';
import type { KubeClient } from '../kube/client.ts';
import { differences, takeInventory } from './inventory.ts';

/** One edge node with a kubelet's configuration, and an API with a namespace and a label. */
const world = (file: string, extra: readonly string[]): Parameters<typeof takeInventory> => [
  { list: async (_: string, kind: string) => [...(kind === 'Node' ? [{ metadata: { name: 'edge', labels: { tier: 'edge' } } }] : []), ...(kind === 'Namespace' ? extra.map((name) => ({ metadata: { name } })) : [])] } as unknown as KubeClient,
  { exec: async (name: string) => (assert.equal(name, 'edge'), { code: 0, stdout: `${file}\naddress 127.0.0.1/8\n`, stderr: '' }) } as unknown as Docker,
  { nodes: [{ name: 'edge', role: 'worker', tier: 'edge', site: 'east', address: '10.0.0.3' }, { name: 'cloud', role: 'worker', tier: 'cloud', address: '10.0.0.2' }] as never },
  AbortSignal.timeout(5000),
];

test('what is left, changed or taken away is told; what is as it was is not', async () => {
  const before = await takeInventory(...world('file aaaa /etc/kubernetes/kubelet.conf', ['default']));
  assert.deepEqual(before, ['Namespace default', 'edge: address 127.0.0.1/8', 'edge: file aaaa /etc/kubernetes/kubelet.conf', 'label tier of Node edge']);
  assert.deepEqual(differences(before, await takeInventory(...world('file aaaa /etc/kubernetes/kubelet.conf', ['default']))), []);
  assert.deepEqual(differences(before, await takeInventory(...world('file bbbb /etc/kubernetes/kubelet.conf', ['default', 'edge-hub']))), [
    'left: Namespace edge-hub', 'left: edge: file bbbb /etc/kubernetes/kubelet.conf', 'missing: edge: file aaaa /etc/kubernetes/kubelet.conf',
  ]);
});
