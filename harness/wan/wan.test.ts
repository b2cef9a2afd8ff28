import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type NodeState } from '../cluster/state.ts';
import { upstreamsOf } from './wan.ts';

const controlPlane: NodeState = { name: 'cp', tier: 'cloud', role: 'control-plane', address: '10.0.0.2' };
const worker: NodeState = { name: 'w', tier: 'cloud', role: 'worker', address: '10.0.0.3' };
const edge: NodeState = { name: 'e', tier: 'edge', role: 'worker', site: 'east', address: '10.0.0.4' };

test('the tunnel is behind a cloud worker, or behind the control plane when there is none', () => {
  assert.deepEqual(upstreamsOf([edge, worker, controlPlane]), { apiserver: '10.0.0.2', tunnel: '10.0.0.3' });
  assert.deepEqual(upstreamsOf([edge, controlPlane]), { apiserver: '10.0.0.2', tunnel: '10.0.0.2' });
  assert.throws(() => upstreamsOf([edge]), { code: 'CLUSTER_EMPTY' });
});
