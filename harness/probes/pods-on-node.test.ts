import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeNodePod, isRunning, readPods } from './pods-on-node.ts';

const sandbox = (id: string, uid: string, state: string, createdAt: string, attempt = 0) => ({ id, metadata: { name: `pod-${uid}`, uid, namespace: 'ns', attempt }, state, createdAt });
const container = (id: string, podSandboxId: string, state: string, createdAt: string, attempt = 0) => ({ id, podSandboxId, metadata: { name: 'echo', attempt }, state, createdAt });

test('a Pod is its newest sandbox, with the newest attempt of each container in it', () => {
  const pods = readPods('node', {
    items: [sandbox('old', 'u1', 'SANDBOX_NOTREADY', '1790000000000000001'), sandbox('new', 'u1', 'SANDBOX_READY', '1790000000000000002', 1)],
  }, {
    containers: [container('a', 'old', 'CONTAINER_EXITED', '1'), container('c', 'new', 'CONTAINER_RUNNING', '3', 1), container('b', 'new', 'CONTAINER_EXITED', '2')],
  });
  assert.equal(pods.length, 1);
  assert.deepEqual(pods[0]?.sandbox, { id: 'new', ready: true, attempt: 1 });
  assert.deepEqual(pods[0]?.containers, [{ id: 'c', name: 'echo', attempt: 1, running: true }]);
  assert.ok(isRunning(pods[0]!, ['echo']));
});

test('a Pod without a container, or with one down, does not run', () => {
  const [empty, down] = readPods('node', {
    items: [sandbox('s1', 'u1', 'SANDBOX_READY', '1'), sandbox('s2', 'u2', 'SANDBOX_READY', '1')],
  }, { containers: [container('a', 's2', 'CONTAINER_EXITED', '1', 2)] });
  assert.ok(!isRunning(empty!, ['echo']));
  assert.ok(!isRunning(down!, ['echo']));
  assert.equal(describeNodePod(empty!), 'ns/pod-u1: sandbox ready, no container');
  assert.equal(describeNodePod(down!), 'ns/pod-u2: sandbox ready, echo is down (attempt 2)');
});

test('a node that runs nothing has no Pods', () => {
  assert.deepEqual(readPods('node', {}, {}), []);
});
