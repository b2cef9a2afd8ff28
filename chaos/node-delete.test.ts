import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Docker } from '../harness/docker/docker.ts';
import { createFault, faultFromRecord, type FaultContext } from './fault.ts';

const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'edge', uid: 'u1', resourceVersion: '7', creationTimestamp: 'then', labels: { tier: 'edge' }, annotations: { mac: 'aa' } }, spec: { podCIDR: '10.244.1.0/24' }, status: { conditions: [] } };

/** A control plane that has one Node, and the edge node that it is about. */
function cluster() {
  const files = new Map<string, string>();
  let nodes: object[] = [node];
  const answer = (stdout = '', code = 0, stderr = '') => ({ code, stdout, stderr });
  const exec = async (name: string, argv: string[], { input }: { input?: string }) => {
    if (name === 'edge') return answer(nodes.length === 0 ? '404' : '200');
    if (argv[0] === 'sh') return files.set(argv.at(-1)!, input!), answer();
    if (argv[0] === 'rm') return files.delete(argv.at(-1)!), answer();
    const verb = argv[3]!;
    if (verb === 'get') return nodes.length === 0 ? answer('', 1, 'Error from server (NotFound): nodes "edge" not found') : answer(JSON.stringify(nodes[0]));
    if (verb === 'delete') return nodes = [], answer();
    assert.equal(verb, 'create');
    const file = files.get(argv.at(-1)!);
    if (file === undefined) return answer('', 1, `error: the path "${argv.at(-1)}" does not exist`);
    if (nodes.length > 0) return answer('', 1, 'Error from server (AlreadyExists): nodes "edge" already exists');
    nodes = [JSON.parse(file) as object];
    return answer();
  };
  const nodesOf = [{ name: 'cp', role: 'control-plane', tier: 'cloud' }, { name: 'edge', role: 'worker', tier: 'edge', site: 'east' }];
  return { ctx: { cluster: { name: 'dev', nodes: nodesOf }, docker: { exec } as unknown as Docker, signal: AbortSignal.timeout(5000) } as unknown as FaultContext, files, nodes: () => nodes };
}

test('a Node is deleted when its own kubelet is told so, and comes back as it was, as another one', async () => {
  const { ctx, files, nodes } = cluster();
  const fault = createFault('node-delete', 'node edge');
  await fault.inject(ctx);
  await fault.inject(ctx);
  assert.equal(await fault.verify(ctx), "edge asked for its Node with its kubelet's certificate: 404");
  // By another process, which has the record alone; and again.
  const left = faultFromRecord({ id: '1', kind: 'node-delete', target: 'node edge', startedAt: '' });
  await left.heal(ctx);
  await left.heal(ctx);
  assert.deepEqual(nodes(), [{ ...node, metadata: { name: 'edge', labels: { tier: 'edge' }, annotations: { mac: 'aa' } } }]);
  assert.equal(files.size, 0);
});

test('a Node that is still there was not deleted', async () => {
  const { ctx } = cluster();
  await assert.rejects(createFault('node-delete', 'node edge').verify({ ...ctx, signal: AbortSignal.timeout(300) }), { name: 'TimeoutError' });
});
