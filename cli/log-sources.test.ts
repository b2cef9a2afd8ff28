import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClusterState } from '../harness/cluster/state.ts';
import { logSources } from './log-sources.ts';

const cluster = {
  name: 'dev',
  nodes: [{ name: 'dev-control-plane' }, { name: 'dev-worker' }],
  wans: [{ site: 'east', container: 'dev-wan-east' }],
  autonomy: { units: ['edge-hub.service'] },
} as unknown as ClusterState;
const pods = ['coredns-5d4b', 'kube-proxy-x2'];
const sources = (what: string, follow = false): ReturnType<typeof logSources> => logSources(cluster, what, pods, { follow, lines: 5 });

test('of a node, its services; of a service, every node; of a site, its link; of Pods, their files on all nodes', () => {
  assert.deepEqual(sources('worker'), [{ label: 'worker', container: 'dev-worker', script: 'exec journalctl --merge --no-pager --output=short-iso-precise --lines=5 --unit=kubelet --unit=containerd --unit=edge-hub' }]);
  assert.deepEqual(sources('dev-worker'), sources('worker'));
  assert.deepEqual(sources('edge-hub', true).map(({ label, script }) => [label, script?.includes('--follow --unit=edge-hub')]), [['control-plane', true], ['worker', true]]);
  assert.deepEqual(sources('east'), [{ label: 'wan east', container: 'dev-wan-east' }]);
  assert.match(sources('coredns')[1]?.script ?? '', /find \/var\/log\/pods -path '\/var\/log\/pods\/\*_coredns\*_\*\/\*\/\*\.log'/);
});

test('what is not there is told by what may be meant', () => {
  assert.throws(() => sources('worke'), /did you mean worker\?/);
  assert.throws(() => sources("x'; rm -rf /"), /has no node, site, service or Pod/);
});
