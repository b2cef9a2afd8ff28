import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeMergeKeys, PatchError, strategicMerge, type JsonMap } from './strategic-merge.ts';

const node: JsonMap = {
  kind: 'Node',
  metadata: { name: 'edge-1', labels: { a: '1', b: '2' } },
  spec: { podCIDRs: ['10.244.1.0/24'] },
  status: {
    addresses: [{ type: 'InternalIP', address: '172.18.0.4' }, { type: 'Hostname', address: 'edge-1' }],
    conditions: [{ type: 'MemoryPressure', status: 'False', reason: 'Enough' }, { type: 'Ready', status: 'Unknown', reason: 'NodeStatusUnknown', message: 'silent' }],
    capacity: { cpu: '2', memory: '1Gi' },
    images: [{ names: ['a'] }, { names: ['b'] }],
  },
};
const status = (patch: JsonMap): JsonMap => strategicMerge(node, { status: patch }, nodeMergeKeys)['status'] as JsonMap;

test('a kubelet\'s patch of its status changes the conditions that it names', () => {
  // As a kubelet sends it: both conditions in their order, of which one differs.
  const patched = status({
    '$setElementOrder/conditions': [{ type: 'MemoryPressure' }, { type: 'Ready' }],
    conditions: [{ type: 'Ready', status: 'True', reason: 'KubeletReady', message: null }],
  });
  assert.deepEqual(patched['conditions'], [{ type: 'MemoryPressure', status: 'False', reason: 'Enough' }, { type: 'Ready', status: 'True', reason: 'KubeletReady' }]);
  assert.deepEqual(patched['addresses'], (node['status'] as JsonMap)['addresses']);
});

test('an item that is new comes where the order says; one that is to go goes', () => {
  const patched = status({
    '$setElementOrder/conditions': [{ type: 'PIDPressure' }, { type: 'Ready' }],
    conditions: [{ type: 'PIDPressure', status: 'False' }, { type: 'MemoryPressure', $patch: 'delete' }],
  });
  assert.deepEqual((patched['conditions'] as JsonMap[]).map(({ type }) => type), ['PIDPressure', 'Ready']);
});

test('maps are merged and null removes; lists without a key are replaced; sets grow', () => {
  assert.deepEqual(status({ capacity: { memory: '2Gi', pods: '110', cpu: null } })['capacity'], { memory: '2Gi', pods: '110' });
  assert.deepEqual(status({ images: [{ names: ['c'] }] })['images'], [{ names: ['c'] }]);
  const { spec, metadata } = strategicMerge(node, { spec: { podCIDRs: ['10.244.1.0/24', '10.244.2.0/24'] }, metadata: { labels: { b: null, c: '3' } } }, nodeMergeKeys) as Record<string, JsonMap>;
  assert.deepEqual(spec, { podCIDRs: ['10.244.1.0/24', '10.244.2.0/24'] });
  assert.deepEqual(metadata, { name: 'edge-1', labels: { a: '1', c: '3' } });
  const fewer = strategicMerge(node, { spec: { '$deleteFromPrimitiveList/podCIDRs': ['10.244.1.0/24'] } }, nodeMergeKeys);
  assert.deepEqual(fewer['spec'], { podCIDRs: [] });
});

test('replace and retained keys', () => {
  assert.deepEqual(status({ capacity: { $patch: 'replace', cpu: '4' } })['capacity'], { cpu: '4' });
  assert.deepEqual(status({ capacity: { $retainKeys: ['cpu', 'pods'], pods: '5' } })['capacity'], { cpu: '2', pods: '5' });
  assert.deepEqual(status({ addresses: [{ $patch: 'replace' }, { type: 'Hostname', address: 'x' }] })['addresses'], [{ type: 'Hostname', address: 'x' }]);
});

test('the object is not touched, and an item without its key is refused', () => {
  const before = structuredClone(node);
  status({ conditions: [{ type: 'Ready', status: 'True' }], capacity: { cpu: null } });
  assert.deepEqual(node, before);
  assert.throws(() => status({ conditions: [{ status: 'True' }] }), PatchError);
});
