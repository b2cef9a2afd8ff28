import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClusterState } from './state.ts';
import { plainState } from './uninstall.ts';

test('a cluster without its implementation is a stock one: what told of its parts is gone', () => {
  const cluster = { name: 'dev', implementation: 'reference', tunnel: { namespace: 'edge-tunnel' }, autonomy: { units: ['edge-hub.service'] }, nodes: [], kubeconfig: '/k' } as unknown as ClusterState;
  assert.deepEqual(plainState(cluster), { name: 'dev', implementation: 'stock', nodes: [], kubeconfig: '/k' });
});
