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
    // The cloud itself is asked: an implementation may have something of its own answer on the node.
    if (name === 'edge') return answer(argv.at(-1) !== 'https://10.0.0.2:6443/api/v1/nodes/edge' ? '\n000' : nodes.length === 0 ? '{}\n404' : '{}\n200');
    if (argv[0] === 'sh') return files.set(argv.at(-1)!, input!), answer();
    if (argv[0] === 'cat') return answer(files.get(argv.at(-1)!));
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
  const nodesOf = [{ name: 'cp', role: 'control-plane', tier: 'cloud', address: '10.0.0.2' }, { name: 'edge', role: 'worker', tier: 'edge', site: 'east' }];
  return { ctx: { cluster: { name: 'dev', nodes: nodesOf }, docker: { exec } as unknown as Docker, signal: AbortSignal.timeout(5000) } as unknown as FaultContext, files, nodes: () => nodes, put: (...those: object[]) => { nodes = those; } };
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
  assert.deepEqual(nodes(), [{ ...node, metadata: { name: 'edge', labels: { tier: 'edge' }, annotations: { mac: 'aa', 'edgeproof.dev/takes-place-of': 'u1' } } }]);
  assert.equal(files.size, 0);
});

test('a Node that is still there was not deleted', async () => {
  const { ctx } = cluster();
  await assert.rejects(createFault('node-delete', 'node edge').verify({ ...ctx, signal: AbortSignal.timeout(300) }), { name: 'TimeoutError' });
});

test('a Node that is there when it is to be made again must be the one that healing made, or was never deleted', async () => {
  const { ctx, files, nodes, put } = cluster();
  const fault = createFault('node-delete', 'node edge');
  await fault.inject(ctx);
  // A kubelet that was restarted has registered itself.
  const stranger = { ...node, metadata: { name: 'edge', uid: 'u9', labels: {} } };
  put(stranger);
  await assert.rejects(fault.heal(ctx), { code: 'FAULT_NOT_HEALED', message: /a Node edge is there that edgeproof has not made/ });
  assert.deepEqual([nodes(), files.size], [[stranger], 1]);
  // Once it is gone, healing works; and again when whoever healed was killed before the file was removed.
  put();
  const saved = [...files];
  await fault.heal(ctx);
  const made = nodes();
  for (const [path, text] of saved) files.set(path, text);
  await fault.heal(ctx);
  assert.deepEqual([nodes(), files.size], [made, 0]);
  // Deleted once more, it takes the place of the one that was made.
  put({ ...made[0], metadata: { ...node.metadata, uid: 'u2', annotations: { 'edgeproof.dev/takes-place-of': 'u1' } } });
  await fault.inject(ctx);
  await fault.heal(ctx);
  assert.match(JSON.stringify(nodes()), /"takes-place-of":"u2"|takes-place-of":"u2"/);
  // It was never deleted: its deletion failed.
  for (const [path, text] of saved) files.set(path, text);
  put(node);
  await fault.heal(ctx);
  assert.deepEqual([nodes(), files.size], [[node], 0]);
});

test('it strikes when all is saved, not before', async () => {
  const { ctx } = cluster();
  const order: string[] = [];
  const exec: Docker['exec'] = async (name, argv, options) => {
    order.push(`${argv.includes('delete') ? 'delete' : argv[0]} ${Date.now()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
    return await ctx.docker.exec(name, argv, options ?? {});
  };
  const struckAt = await createFault('node-delete', 'node edge').inject({ ...ctx, docker: { exec } as unknown as Docker });
  const [, saved, deleted] = order.map((one) => Number(one.split(' ')[1]));
  assert.ok(struckAt instanceof Date && struckAt.getTime() >= saved! + 19 && struckAt.getTime() <= deleted!);
});
