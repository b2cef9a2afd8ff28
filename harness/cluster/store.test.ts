import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { CannotTellError, UsageError } from '../../core/errors.ts';
import type { ClusterState } from './state.ts';

const home = await mkdtemp(join(tmpdir(), 'edgeproof-store-'));
process.env['EDGEPROOF_HOME'] = home;
const { clusterDir, forgetCluster, listClusters, listFolders, loadCluster, saveCluster } = await import('./store.ts');
after(async () => await rm(home, { recursive: true }));

const state = (name: string): ClusterState => ({
  name,
  createdAt: '2026-11-23T00:00:00.000Z',
  topology: { name: 't', description: '', cloud: { controlPlanes: 1, workers: 0 }, sites: [], interSite: 'deny', overlay: { backend: 'vxlan', podSubnet: '10.244.0.0/16', serviceSubnet: '10.96.0.0/16', nodeCidrMask: 24 } },
  implementation: 'stock',
  network: { name: `edgeproof-${name}`, subnet: '172.30.0.0/16' },
  kubeconfig: join(clusterDir(name), 'kubeconfig'),
  nodes: [],
  wans: [],
});

test('what is saved is loaded, listed and forgotten; only its owner may read it', async () => {
  await saveCluster(state('b'));
  await saveCluster(state('a'));
  assert.deepEqual(await loadCluster('a'), state('a'));
  assert.deepEqual(await listClusters(), ['a', 'b']);
  assert.deepEqual(await readdir(clusterDir('a')), ['cluster.json'], 'nothing half written stays');
  assert.equal((await stat(join(clusterDir('a'), 'cluster.json'))).mode & 0o777, 0o600);
  assert.equal((await stat(clusterDir('a'))).mode & 0o777, 0o700);
  await forgetCluster('a');
  await forgetCluster('a');
  assert.deepEqual(await listClusters(), ['b']);
  await assert.rejects(loadCluster('a'), (error) => error instanceof UsageError && error.next === 'running: b');
});

test('a boot that was killed early is no cluster, but its folder is known', async () => {
  await mkdir(clusterDir('half'));
  await writeFile(join(home, 'clusters', 'README.txt'), '');
  assert.equal((await listClusters()).includes('half'), false);
  assert.equal((await listFolders()).includes('half'), true);
  assert.equal((await listFolders()).includes('README.txt'), false);
});

test('a damaged record is told with the way out', async () => {
  await mkdir(clusterDir('bad'), { recursive: true });
  await writeFile(join(clusterDir('bad'), 'cluster.json'), '{"name":');
  await assert.rejects(loadCluster('bad'), (error) => error instanceof CannotTellError && error.code === 'CLUSTER_STATE_DAMAGED' && /edgeproof down bad/.test(error.next ?? ''));
});
