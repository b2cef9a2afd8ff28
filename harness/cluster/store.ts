import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CannotTellError, UsageError } from '../../core/errors.ts';
import { clustersDir } from '../../core/paths.ts';
import type { Inventory } from './inventory.ts';
import type { ClusterState } from './state.ts';

/** Where everything that edgeproof keeps of one cluster lies: state, kubeconfig, kind config, fault log, the implementation's files. */
export const clusterDir = (name: string): string => join(clustersDir, name);
/** The part of it that is the implementation's own. */
export const implementationFolder = (name: string): string => join(clusterDir(name), 'implementation');
const stateFile = (name: string): string => join(clusterDir(name), 'cluster.json');

const inventoryFile = (name: string): string => join(clusterDir(name), 'inventory.json');

/** Remembers what a cluster had before its implementation was installed. */
export const saveInventory = async (name: string, inventory: Inventory): Promise<void> => await writeFile(inventoryFile(name), JSON.stringify(inventory), { mode: 0o600 });

/** @returns undefined when nothing was remembered */
export async function loadInventory(name: string): Promise<Inventory | undefined> {
  const text = await readFile(inventoryFile(name), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  return text === undefined ? undefined : (JSON.parse(text) as Inventory);
}

/** Writes the state so that a reader sees the old one or the new one, never half of it. */
export async function saveCluster(state: ClusterState): Promise<void> {
  await mkdir(clusterDir(state.name), { recursive: true, mode: 0o700 });
  const partial = `${stateFile(state.name)}.partial`;
  await writeFile(partial, JSON.stringify(state, null, 2), { mode: 0o600 });
  await rename(partial, stateFile(state.name));
}

/** @throws UsageError when there is no such cluster, with the names of those that there are */
export async function loadCluster(name: string): Promise<ClusterState> {
  const text = await readFile(stateFile(name), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text !== undefined) {
    try {
      return JSON.parse(text) as ClusterState;
    } catch (cause) {
      throw new CannotTellError('CLUSTER_STATE_DAMAGED', `${stateFile(name)} is not JSON`, { cause, next: `remove the cluster: edgeproof down ${name}` });
    }
  }
  const names = await listClusters();
  throw new UsageError(`there is no cluster ${name}`, {
    next: names.length > 0 ? `running: ${names.join(', ')}` : 'boot one: edgeproof up',
  });
}

/** Names of the clusters that have a folder, also those whose boot was killed before it was recorded. */
export const listFolders = async (): Promise<string[]> => (await readdir(clustersDir).catch(() => [] as string[])).filter((name) => /^[a-z0-9-]+$/.test(name)).sort();

/** Names of the clusters that were booted whole and not taken down. */
export async function listClusters(): Promise<string[]> {
  const found = await Promise.all((await listFolders()).map(async (name) => ((await readFile(stateFile(name)).catch(() => undefined)) === undefined ? undefined : name)));
  return found.filter((name) => name !== undefined);
}

/** Forgets a cluster. Idempotent. */
export async function forgetCluster(name: string): Promise<void> {
  await rm(clusterDir(name), { recursive: true, force: true });
}
