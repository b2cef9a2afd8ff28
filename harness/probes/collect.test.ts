import assert from 'node:assert/strict';
import { mkdtempDisposable, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { test } from 'node:test';
import type { ClusterState } from '../cluster/state.ts';
import type { Docker } from '../docker/docker.ts';
import type { KubeClient } from '../kube/client.ts';
import { answersIn, collectState } from './collect.ts';

test('what a node answered is cut into files', () => {
  assert.deepEqual(answersIn('\u001ea.txt\none\ntwo\n\u001eb.txt\n\u001ec.txt\nthree'), { 'a.txt': 'one\ntwo\n', 'b.txt': '', 'c.txt': 'three' });
  assert.deepEqual(answersIn(''), {});
});

test('the state of a cluster of which nothing answers says so in every file', async () => {
  await using root = await mkdtempDisposable(join(tmpdir(), 'edgeproof-collect-'));
  const folder = join(root.path, 'logs', 'promise');
  const mute = async () => { throw new Error('no answer'); };
  const docker = { exec: mute, run: mute } as unknown as Docker;
  const cluster = { name: 'dev', nodes: [{ name: 'a' }, { name: 'b' }], wans: [{ site: 'east', container: 'dev-wan-east' }, { site: 'west', container: 'dev-wan-west' }] } as unknown as ClusterState;
  await collectState(docker, { list: mute } as unknown as KubeClient, cluster, folder, { since: new Date(), timeoutMs: 5000 });
  const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).map((entry) => relative(folder, join(entry.parentPath, entry.name))).sort();
  assert.deepEqual(files, ['a/unreadable.txt', 'b/unreadable.txt', 'cloud/events.json', 'cloud/leases.json', 'cloud/nodes.json', 'cloud/pods.json', 'wan-east.log', 'wan-west.log', 'wans.json']);
  assert.deepEqual(JSON.parse(await readFile(join(folder, 'wans.json'), 'utf8')), [{ site: 'east', unreadable: 'no answer' }, { site: 'west', unreadable: 'no answer' }]);
  assert.match(await readFile(join(folder, 'wan-west.log'), 'utf8'), /could not be read: no answer/);
});
