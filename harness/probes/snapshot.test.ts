import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WaitTimeoutError } from '../../core/wait.ts';
import type { Docker } from '../docker/docker.ts';
import type { KubeClient } from '../kube/client.ts';
import { asNodeSays } from './pods-on-node.ts';
import { takeSnapshot } from './snapshot.ts';

/** A node to which Pods of two namespaces are scheduled, and that runs only the first. */
const pods = ['mine', 'another'].map((namespace) => ({ metadata: { name: 'app', namespace, uid: `uid-${namespace}` }, spec: { nodeName: 'e1', containers: [{ name: 'echo' }] }, status: {} }));
const kube = { list: async (_: string, kind: string) => (kind === 'Pod' ? pods : []) } as unknown as KubeClient;
const docker = {
  exec: async () => ({
    stdout: asNodeSays(
      { items: [{ id: 's1', metadata: { name: 'app', namespace: 'mine', uid: 'uid-mine' }, state: 'SANDBOX_READY', createdAt: '1' }] },
      { containers: [{ id: 'c1', podSandboxId: 's1', metadata: { name: 'echo' }, state: 'CONTAINER_RUNNING', createdAt: '2' }] },
    ),
  }),
} as unknown as Docker;

test('a snapshot waits for all that is scheduled to the node; one of a namespace does not wait for what others start there', async () => {
  const { pods: seen } = await takeSnapshot(kube, docker, 'e1', { namespace: 'mine' });
  assert.deepEqual(seen.map(({ namespace }) => namespace), ['mine']);
  const signal = AbortSignal.timeout(300);
  await assert.rejects(takeSnapshot(kube, docker, 'e1', { signal }), (error) => error === signal.reason || error instanceof WaitTimeoutError);
});
