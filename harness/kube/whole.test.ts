import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WaitTimeoutError } from '../../core/wait.ts';
import type { ClusterState } from '../cluster/state.ts';
import type { Docker } from '../docker/docker.ts';
import type { KubeClient } from './client.ts';
import { KubeUnreachableError } from './errors.ts';
import { asNodeSays, asksForPods } from '../probes/pods-on-node.ts';
import type { Manifest } from './objects.ts';
import { leaseVersions, makeWhole, staleNodes, waitUntilWhole } from './whole.ts';

const cluster = { nodes: [{ name: 'control', tier: 'cloud' }, { name: 'edge', tier: 'edge' }] } as unknown as ClusterState;
const signal = AbortSignal.timeout(5000);

/** An API that calls every node Ready; the lease of the edge node was renewed at this time. */
const kube = (renewTime: string): KubeClient => ({
  list: async (_version: string, kind: string) => kind === 'Lease' ? [{ metadata: { name: 'edge' }, spec: { renewTime } }]
    : cluster.nodes.map(({ name }) => ({ metadata: { name }, spec: {}, status: { conditions: [{ type: 'Ready', status: 'True' }] } })),
}) as unknown as KubeClient;

test('a node that the API still calls Ready is stale until it has renewed its lease', async () => {
  const until = new Date('2026-01-01T00:00:10.500Z');
  const disturbed = { nodes: ['edge'], until };
  assert.deepEqual(await staleNodes(kube('2026-01-01T00:00:10.400000Z'), cluster, disturbed, signal), ['node edge last renewed its lease at 2026-01-01T00:00:10.400000Z']);
  assert.deepEqual(await staleNodes(kube('2026-01-01T00:00:10.600000Z'), cluster, disturbed, signal), []);
  assert.deepEqual(await staleNodes(kube('2026-01-01T00:00:10.400000Z'), cluster, { nodes: [], until }, signal), []);
});

test('a lease that was written since the fault was on is news of its node, whatever time is in it', async () => {
  const versioned = (resourceVersion: string): KubeClient => ({
    list: async (_version: string, kind: string) => kind === 'Lease' ? [{ metadata: { name: 'edge', resourceVersion }, spec: { renewTime: '2026-01-01T00:00:10.000000Z' } }]
      : cluster.nodes.map(({ name }) => ({ metadata: { name }, spec: {}, status: { conditions: [{ type: 'Ready', status: 'True' }] } })),
  }) as unknown as KubeClient;
  const leases = await leaseVersions(versioned('41'), signal);
  const disturbed = { nodes: ['edge'], until: new Date('2026-01-01T00:00:20Z'), leases };
  assert.deepEqual(await staleNodes(versioned('41'), cluster, disturbed, signal), ['node edge last renewed its lease at 2026-01-01T00:00:10.000000Z']);
  assert.deepEqual(await staleNodes(versioned('42'), cluster, disturbed, signal), []);
});

/**
 * A cluster where all is well, but that the kube-proxy of the edge node backs off: it knows no Service that came after the
 * cut, and whoever asks at its ClusterIP hears a stranger outside, or nobody.
 */
function deafCluster() {
  const state = { proxies: ['old'], restarts: 0, objects: new Set<string>() };
  const kube = {
    list: async (_version: string, kind: string, { namespace }: { namespace?: string } = {}) => {
      if (kind === 'Lease') return [{ metadata: { name: 'edge' }, spec: { renewTime: new Date().toISOString() } }];
      const ready = { conditions: [{ type: 'Ready', status: 'True' }] };
      if (kind === 'Node') return cluster.nodes.map(({ name }) => ({ metadata: { name }, spec: {}, status: ready }));
      return namespace === 'kube-system' ? state.proxies.map((uid) => ({ metadata: { name: `kube-proxy-${uid}`, uid }, spec: { nodeName: 'edge', containers: [] }, status: ready })) : [];
    },
    apply: async ({ kind, metadata }: Manifest) => {
      state.objects.add(`${kind} ${metadata.name}`);
      return { spec: { clusterIP: '10.96.0.7' } };
    },
    delete: async (_version: string, kind: string, name: string) => {
      if (kind === 'Pod') state.proxies = ['new'];
      state.objects.delete(`${kind} ${name}`);
    },
  } as unknown as KubeClient;
  const sandboxes = (): object => ({ items: state.proxies.map((uid) => ({ id: uid, metadata: { name: uid, uid, namespace: 'kube-system' }, state: 'SANDBOX_READY', createdAt: '1' })) });
  const docker = {
    exec: async (_node: string, argv: readonly string[]) => {
      if (argv[0] === 'systemctl') state.restarts += 1;
      const said = asksForPods(argv) ? asNodeSays(sandboxes(), {}) : argv.at(-1) === '10.96.0.7' ? (state.proxies.includes('old') ? 'unknown' : 'known') : '';
      return { code: 0, stdout: said, stderr: '' };
    },
  } as unknown as Docker;
  return { state, kube, docker };
}

test('a node is not whole until it serves a Service that is new, and nothing of that Service is left', async () => {
  const { state, kube, docker } = deafCluster();
  const disturbed = { nodes: ['edge'], until: new Date(0) };
  await assert.rejects(waitUntilWhole(kube, docker, cluster, { timeoutMs: 300, disturbed }), (error: unknown) => {
    assert.ok(error instanceof WaitTimeoutError);
    assert.match(error.missing, /^node edge does not serve a new Service/);
    return true;
  });
  assert.deepEqual([...state.objects], []);
  state.proxies = ['new'];
  await waitUntilWhole(kube, docker, cluster, { timeoutMs: 5000, disturbed });
});

test('a kube-proxy that backs off is replaced instead of waited for; one that listens stays', async () => {
  const { state, kube, docker } = deafCluster();
  const options = { timeoutMs: 20_000, patienceMs: 200, disturbed: { nodes: ['edge'], until: new Date(0) } };
  await makeWhole(kube, docker, cluster, options);
  assert.deepEqual([state.proxies, state.restarts, [...state.objects]], [['new'], 1, []]);
  await makeWhole(kube, docker, cluster, options);
  assert.deepEqual([state.proxies, state.restarts], [['new'], 1]);
});

test('a part of a cluster is whole whatever becomes of the nodes outside and of the Pods there, but not while a Pod has no node', async () => {
  const ready = { conditions: [{ type: 'Ready', status: 'True' }] };
  const outside = { metadata: { name: 'kube-proxy-west', uid: 'w' }, spec: { nodeName: 'west', containers: [] }, status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'False' }] } };
  const homeless = { metadata: { name: 'coredns', uid: 'c' }, spec: { containers: [] }, status: { phase: 'Pending' } };
  const state = { pods: [outside] as object[] };
  const kube = {
    list: async (_version: string, kind: string, { namespace }: { namespace?: string } = {}) => {
      if (kind === 'Node') return [...cluster.nodes.map(({ name }) => ({ metadata: { name }, spec: {}, status: ready })), { metadata: { name: 'west' }, spec: {}, status: {} }];
      return kind === 'Pod' && namespace === 'kube-system' ? state.pods : [];
    },
  } as unknown as KubeClient;
  const docker = {} as Docker;
  await waitUntilWhole(kube, docker, cluster, { timeoutMs: 300 });
  state.pods = [outside, homeless];
  await assert.rejects(waitUntilWhole(kube, docker, cluster, { timeoutMs: 300 }), /coredns/);
});

test('a cluster that was removed is not waited for; one whose API server does not answer is', { timeout: 10_000 }, async () => {
  const unreachable = { list: async () => { throw new KubeUnreachableError('GET /api/v1', 'connect ECONNREFUSED', undefined); } } as unknown as KubeClient;
  const standing = { ...cluster, name: 'dev', nodes: [{ name: 'dev-control-plane', tier: 'cloud', role: 'control-plane' }] } as unknown as ClusterState;
  const engine = (names: string[]): Docker => ({ containers: async (filter: string) => names.filter((name) => filter === `name=^${name}$`) }) as unknown as Docker;
  await assert.rejects(waitUntilWhole(unreachable, engine(['other-control-plane']), standing, { timeoutMs: 60_000 }), { code: 'CLUSTER_GONE' });
  await assert.rejects(waitUntilWhole(unreachable, engine(['dev-control-plane']), standing, { timeoutMs: 300 }), WaitTimeoutError);
});
