import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Answers } from '../../harness/probes/asking.ts';
import { asNodeSays } from '../../harness/probes/pods-on-node.ts';
import { Samples } from '../../harness/probes/samples.ts';
import type { NodeSnapshot } from '../../harness/probes/snapshot.ts';
import type { KubeNode } from '../../harness/kube/objects.ts';
import { noticed, readySince, type OtherSite } from './other-site.ts';
import type { EdgeWorld } from './world.ts';

const node = (name: string, status: 'True' | 'Unknown', lastTransitionTime: string): KubeNode =>
  ({ metadata: { name }, spec: {}, status: { conditions: [{ type: 'Ready', status, lastTransitionTime }] } }) as unknown as KubeNode;

const [early, late] = ['2026-11-28T13:00:00Z', '2026-11-28T13:10:00Z'];
const before = [node('cloud', 'True', early), node('west', 'True', early)];

/** A cluster of a cloud node, a node in each of two sites, and one Pod in `west` with this container. */
function world(nodes: readonly KubeNode[], container: string): EdgeWorld {
  const said = asNodeSays({ items: [{ id: 's1', metadata: { name: 'far', namespace: 'ns', uid: 'u1' }, state: 'SANDBOX_READY', createdAt: '1' }] },
    { containers: [{ id: container, podSandboxId: 's1', metadata: { name: 'echo' }, state: 'CONTAINER_RUNNING', createdAt: '1' }] });
  return {
    cluster: { nodes: [{ name: 'cloud' }, { name: 'east', site: 'east' }, { name: 'west', site: 'west' }] },
    roles: { site: 'east' },
    kube: { list: async () => [...nodes, node('east', 'Unknown', late)] },
    docker: { exec: async () => ({ code: 0, stdout: said, stderr: '' }) },
    samples: new Samples(),
  } as unknown as EdgeWorld;
}

function other(answers: Answers): OtherSite {
  const snapshot = { node: 'west', takenAt: early, pods: [{ node: 'west', namespace: 'ns', name: 'far', uid: 'u1', sandbox: { id: 's1', ready: true, attempt: 0 }, containers: [{ id: 'c1', name: 'echo', attempt: 0, running: true }] }] } as NodeSnapshot;
  return { node: 'west', snapshot, asking: [{ look: async () => answers, stop: async () => {} }], readySince: readySince(before) };
}

const all: Answers = { asked: 10, slowestSeconds: 0.5, missed: [] };

test('a site where all was answered, by the same containers, on nodes that were Ready all the time, has noticed nothing', async () => {
  assert.deepEqual(await noticed(world(before, 'c1'), other(all)), { asked: 10, slowestSeconds: 0.5, noticed: [] });
});

test('a missed answer, another container and a moment without Ready are noticed', async () => {
  assert.deepEqual((await noticed(world(before, 'c1'), other({ asked: 10, slowestSeconds: 0.5, missed: ['late: timed out'] }))).noticed, ['1 of 10 questions were not answered: late: timed out']);
  assert.match((await noticed(world(before, 'c2'), other(all))).noticed.join(), /container echo of .* does not run any more/);
  assert.deepEqual((await noticed(world([before[0]!, node('west', 'True', late)], 'c1'), other(all))).noticed, ['node west was not Ready for a while']);
  assert.deepEqual((await noticed(world([before[0]!, node('west', 'Unknown', late)], 'c1'), other(all))).noticed, ['node west was not Ready for a while']);
  assert.deepEqual((await noticed(world([before[0]!], 'c1'), other(all))).noticed, ['node west was not Ready for a while']);
});
