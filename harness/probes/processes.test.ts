import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Docker } from '../docker/docker.ts';
import { asNodeSays, asksForPods } from './pods-on-node.ts';
import { figureOf, figuresOfPod, openFiles, ownMemory } from './processes.ts';

const sandbox = { id: 's1', metadata: { name: 'agent-x', uid: 'u1', namespace: 'tunnel' }, state: 'SANDBOX_READY', createdAt: '1' };
const container = (id: string, name: string, state = 'CONTAINER_RUNNING') => ({ id, podSandboxId: 's1', metadata: { name }, state, createdAt: '1' });

/** A node that answers `crictl` with these containers, and a count with these lines. */
function node(counts: Readonly<Record<string, string>>, containers: readonly object[] = []): Docker {
  const exec = async (_node: string, argv: string[]) => {
    if (asksForPods(argv)) return { code: 0, stdout: asNodeSays({ items: [sandbox] }, { containers }), stderr: '' };
    return { code: 0, stdout: counts[argv.at(-1)!] ?? '0\n', stderr: 'ls: cannot access' };
  };
  return { exec } as unknown as Docker;
}

test('what a program of a node holds open', async () => {
  assert.deepEqual(await figureOf(node({ kubelet: '31\n' }), 'edge', 'kubelet', openFiles), { of: 'kubelet on edge', count: 31 });
});

test('what each running container of a Pod holds open', async () => {
  const docker = node({ c1: '12\n', c2: '8\n' }, [container('c1', 'agent'), container('c2', 'side'), container('c3', 'init', 'CONTAINER_EXITED')]);
  assert.deepEqual(await figuresOfPod(docker, 'edge', 'u1', ownMemory), [{ of: 'agent-x/agent on edge', count: 12 }, { of: 'agent-x/side on edge', count: 8 }]);
});

test('a process that is not there has no count, not one of zero', async () => {
  await assert.rejects(figureOf(node({}), 'edge', 'kubelet', openFiles), { code: 'NO_PROCESS', message: /kubelet on edge.*cannot access/ });
  await assert.rejects(figuresOfPod(node({}), 'edge', 'u1', openFiles), { code: 'NO_PROCESS' });
  await assert.rejects(figuresOfPod(node({}, [container('c1', 'agent')]), 'edge', 'other', openFiles), { code: 'NO_PROCESS' });
});
