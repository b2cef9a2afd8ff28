import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseHostPort } from '../common/host-port.ts';
import { NodeDirectory, rangeOf, type KubeNode } from './node-directory.ts';
import { Router } from './router.ts';

interface Made {
  readonly name: string;
  readonly uid: string;
  readonly edge: boolean;
  readonly address: string;
  readonly pods: number;
}

const name = fc.constantFrom('a', 'b', 'c', 'd', 'e');
const made: fc.Arbitrary<Made[]> = fc.uniqueArray(fc.record({ name, uid: fc.constantFrom('1', '2'), edge: fc.boolean(), address: fc.constantFrom('10.0.0.1', '10.0.0.2', '10.0.0.3'), pods: fc.nat({ max: 250 }) }), { selector: (one) => one.name });
const uniquePods = (nodes: readonly Made[]): boolean => new Set(nodes.map(({ pods }) => pods)).size === nodes.length;
const nodeOf = ({ name: of, uid, edge, address, pods }: Made): KubeNode => ({ metadata: { name: of, uid, labels: edge ? { tier: 'edge' } : {} }, spec: { podCIDRs: [`10.244.${pods}.0/24`, 'fd00::/64'] }, status: { addresses: [{ type: 'InternalIP', address }, { type: 'Hostname', address: of.toUpperCase() }] } });
const directoryOf = (nodes: readonly Made[]): NodeDirectory => {
  const directory = new NodeDirectory('tier=edge');
  directory.update(nodes.map(nodeOf));
  return directory;
};
const bounded = { interruptAfterTimeLimit: 3000, markInterruptAsFailure: false };
const router = (directory: NodeDirectory): Router => new Router({ directory, kubeletPort: 10_250, directCidrs: ['10.96.0.0/16'] });

test('a directory knows a node by name, by address and by its Pods, and no other', () => {
  fc.assert(fc.property(made.filter(uniquePods), fc.nat({ max: 255 }), fc.nat({ max: 255 }), (nodes, third, fourth) => {
    const directory = directoryOf(nodes);
    for (const node of nodes) {
      assert.deepEqual(directory.at(node.name).map((one) => one.name), [node.name]);
      assert.equal(directory.get(node.name)?.edge, node.edge);
      assert.deepEqual(directory.at(node.address).map((one) => one.name), nodes.filter(({ address }) => address === node.address).map((one) => one.name));
    }
    assert.equal(directory.ofPod(`10.244.${third}.${fourth}`)?.name, nodes.find(({ pods }) => pods === third)?.name);
    assert.deepEqual([directory.at('f'), directory.at('10.0.0.4'), directory.ofPod('10.243.0.1'), directory.ofPod('fd00::1')], [[], [], undefined, undefined]);
  }), bounded);
});

test('an update names just the nodes that are gone or were made anew', () => {
  assert.equal(new NodeDirectory('tier=edge').synced, false);
  fc.assert(fc.property(made, made, (before, after) => {
    const directory = directoryOf(before);
    const gone = directory.update(after.map(nodeOf));
    assert.deepEqual(gone, before.filter((one) => !after.some((other) => other.name === one.name && other.uid === one.uid)).map((one) => one.name));
    assert.equal(directory.synced, true);
  }), bounded);
});

test('wherever a CONNECT leads, it is to a kubelet, a Pod or a Service: there is no open proxy', () => {
  const host = fc.oneof(name, fc.constantFrom('A', 'f', 'localhost', '::1'), fc.tuple(fc.constantFrom('10.0.0', '10.244.7', '10.96.3', '10.97.0', '127.0.0', '169.254.169', '192.168.1'), fc.nat({ max: 255 })).map(([network, last]) => `${network}.${last}`));
  fc.assert(fc.property(made.filter(uniquePods), host, fc.constantFrom(22, 80, 10_250), fc.constantFrom('cluster' as const, 'kubelets' as const), (nodes, asked, port, reach) => {
    const target = parseHostPort(asked.includes(':') ? `[${asked}]:${port}` : `${asked}:${port}`)!;
    const route = router(directoryOf(nodes)).route(target, reach);
    const here = nodes.filter((node) => node.name === target.host || node.address === target.host);
    const pod = nodes.find(({ pods }) => target.host.startsWith(`10.244.${pods}.`));
    if (route.kind === 'refused') {
      assert.ok(route.reason.length > 10);
      assert.ok(here.length !== 1 || port !== 10_250, 'a kubelet that is one node\'s is never refused');
    } else if (here.length > 0) {
      assert.equal(here.length, 1);
      assert.equal(port, 10_250);
      const [node] = here as [Made];
      assert.deepEqual(route, node.edge ? { kind: 'agent', node: node.name, target: { host: node.name, port } } : { kind: 'direct', target: { host: node.address, port } });
    } else {
      assert.equal(reach, 'cluster');
      assert.deepEqual(route, pod?.edge === true ? { kind: 'agent', node: pod.name, target } : { kind: 'direct', target });
      assert.ok(pod !== undefined || target.host.startsWith('10.96.'));
    }
  }), bounded);
});

test('a node without an address yet, and ranges', () => {
  const directory = new NodeDirectory('tier=edge');
  directory.update([{ metadata: { name: 'cloud', uid: '1' } }]);
  assert.deepEqual(router(directory).route({ host: 'cloud', port: 10_250 }, 'cluster'), { kind: 'refused', status: 404, reason: 'node cloud has no InternalIP yet' });
  assert.ok(rangeOf('10.0.0.0/8', '192.168.0.0/24').check('192.168.0.9'));
  assert.ok(!rangeOf('10.0.0.0/8').check('11.0.0.1'));
});
