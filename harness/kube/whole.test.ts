import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClusterState } from '../cluster/state.ts';
import type { KubeClient } from './client.ts';
import { staleNodes } from './whole.ts';

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
