import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubePod } from '../../harness/kube/objects.ts';
import { nodeOf } from './tunnel-parts.ts';

const pod = (nodeName?: string): KubePod => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'server-1', namespace: 'edge-tunnel' }, spec: { containers: [], ...(nodeName !== undefined && { nodeName }) }, status: {} });

test('of a Pod that waits for a node it is said that it has none', () => {
  assert.equal(nodeOf(pod('dev-worker')), 'dev-worker');
  for (const waiting of [pod(), pod('')]) assert.throws(() => nodeOf(waiting), { name: 'CannotTellError', code: 'POD_NOT_PLACED', message: /^Pod edge-tunnel\/server-1 has no node/ });
});
