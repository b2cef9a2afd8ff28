import assert from 'node:assert/strict';
import { test } from 'node:test';
import { partOf, sitesOf, type ClusterState } from './state.ts';

const cluster = {
  name: 'dev', topology: { name: 'two-sites', sites: [{ name: 'east' }, { name: 'west' }] },
  nodes: [{ name: 'control', tier: 'cloud' }, { name: 'e1', tier: 'edge', site: 'east' }, { name: 'w1', tier: 'edge', site: 'west' }, { name: 'e2', tier: 'edge', site: 'east' }],
  wans: [{ site: 'east' }, { site: 'west' }],
} as unknown as ClusterState;

test('a cluster has its sites in the order of its nodes', () => {
  assert.deepEqual(sitesOf(cluster).map(({ name, nodes }) => [name, nodes.map((node) => node.name)]), [['east', ['e1', 'e2']], ['west', ['w1']]]);
});

test('a site sees the cloud and itself of its cluster', () => {
  const { name, topology, nodes, wans } = partOf(cluster, 'west');
  assert.deepEqual([name, topology.name, topology.sites, nodes.map((node) => node.name), wans], ['dev', 'two-sites', [{ name: 'west' }], ['control', 'w1'], [{ site: 'west' }]]);
});
