import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ResourcePaths } from './resource-paths.ts';

const asked: string[] = [];
const paths = new ResourcePaths(async (path) => {
  asked.push(path);
  return { resources: [
    { name: 'pods', kind: 'Pod', namespaced: true },
    { name: 'pods/log', kind: 'Pod', namespaced: true },
    { name: 'nodes', kind: 'Node', namespaced: false },
  ] };
});

test('a path has the plural and the scope that the API server names', async () => {
  assert.equal(await paths.of('v1', 'Pod', { namespace: 'a', name: 'b' }), '/api/v1/namespaces/a/pods/b');
  assert.equal(await paths.of('v1', 'Pod', {}), '/api/v1/pods');
  assert.equal(await paths.of('v1', 'Node', { namespace: 'ignored', name: 'n' }), '/api/v1/nodes/n');
  assert.equal(await paths.of('example.dev/v1', 'Pod', { namespace: 'a' }), '/apis/example.dev/v1/namespaces/a/pods');
});

test('the API server is asked once for each group and version', () => {
  assert.deepEqual(asked, ['/api/v1', '/apis/example.dev/v1']);
});

test('a kind that the API server lacks is an error, and asked for again next time', async () => {
  await assert.rejects(paths.of('v1', 'Gadget', {}), /no kind Gadget in \/api\/v1/);
  await assert.rejects(paths.of('v1', 'Gadget', {}), /no kind Gadget/);
  assert.equal(asked.length, 4);
});
