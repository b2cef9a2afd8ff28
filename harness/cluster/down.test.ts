import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Docker } from '../docker/docker.ts';
import { readKindContainers, removeCluster } from './down.ts';

test("a container of kind's is ours when it is on our network or made of our image; the user's own are not, whatever their names", () => {
  const text = [
    ['dev-worker', 'dev', 'kindest/node:v1', 'edgeproof-dev'],
    ['lab-worker', 'lab', 'kindest/node:v1', 'kind'],
    ['other-worker', 'other', 'kindest/node:v1', 'edgeproof-dev'],
    ['both-worker', 'both', 'kindest/node:v1', 'kind,edgeproof-both'],
    ['late-worker', 'late', 'kindest/node:v1', ''],
    ['held-worker', 'held', 'edgeproof/edge-node:abc', ''],
  ].map((line) => line.join('\t')).join('\n');
  assert.deepEqual(readKindContainers(`${text}\n`), [
    { container: 'dev-worker', cluster: 'dev' },
    { container: 'both-worker', cluster: 'both' },
    { container: 'held-worker', cluster: 'held' },
  ]);
});

test('a cluster whose engine is gone is not waited for', { timeout: 20_000 }, async () => {
  const docker = new Docker({ host: 'unix:///run/nobody-listens-here.sock', private: false, version: '' });
  await assert.rejects(removeCluster(docker, 'dev'), { code: 'ENGINE_GONE' });
});
