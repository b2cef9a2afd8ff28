import type { Docker } from '../docker/docker.ts';
import { CannotTellError } from '../../core/errors.ts';
import { waitFor } from '../../core/wait.ts';
import { listIsolation, removeIsolation } from '../wan/isolation.ts';
import { clusterLabel, networkOf, ownedLabel } from './labels.ts';
import { forgetCluster, listFolders } from './store.ts';

/** Clean-up has a budget of its own and listens to no abort: it always runs to its end. */
const cleanUpTimeoutMs = 3 * 60_000;

const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '');

/** Whether anything of a cluster is on the engine. */
export async function clusterExists(docker: Docker, name: string): Promise<boolean> {
  const { stdout } = await docker.run(['network', 'ls', '--quiet', '--filter', `name=^${networkOf(name)}$`]);
  return stdout.trim() !== '' || (await containersOf(docker, name)).length > 0;
}

/** All containers of a cluster: kind's, also one that was created and never started, and ours, which carry the cluster's label. */
async function containersOf(docker: Docker, name: string): Promise<string[]> {
  const [near, ours, kind] = await Promise.all([
    docker.containers(`network=${networkOf(name)}`),
    docker.containers(`label=${clusterLabel}=${name}`),
    kindContainers(docker),
  ]);
  return [...new Set([...near, ...ours, ...kind.filter(({ cluster }) => cluster === name).map(({ container }) => container)])];
}

/** Removes a cluster with all that belongs to it: containers, their volumes, chains on the host, the network, its folder. Idempotent. */
export async function removeCluster(docker: Docker, name: string): Promise<void> {
  const run = { timeoutMs: cleanUpTimeoutMs };
  let image: string | undefined;
  // Again until there is none: the engine goes on creating a container whose client was killed.
  await waitFor(`the containers of cluster ${name} are gone`, async () => {
    const containers = await containersOf(docker, name);
    image ??= await helperImage(docker, containers);
    if (containers.length > 0) {
      await docker.run(['rm', '--force', '--volumes', ...containers], run);
      return { missing: `${containers.join(', ')} had to be removed` };
    }
    return { done: undefined };
  }, { timeoutMs: cleanUpTimeoutMs });
  if (image !== undefined) await removeIsolation(docker, image, name, AbortSignal.timeout(cleanUpTimeoutMs));
  const { stdout } = await docker.run(['network', 'ls', '--quiet', '--filter', `name=^${networkOf(name)}$`]);
  for (const network of lines(stdout)) await docker.run(['network', 'rm', network], run);
  await forgetCluster(name);
}

/** Names of all clusters of which anything is left: folders, networks, containers, or chains on the host. */
export async function findClusters(docker: Docker): Promise<string[]> {
  const format = `{{.Label "${clusterLabel}"}}`;
  const [networks, containers, kind, image] = await Promise.all([
    docker.run(['network', 'ls', '--filter', `label=${ownedLabel}`, '--format', format]),
    docker.run(['ps', '--all', '--filter', `label=${clusterLabel}`, '--format', format]),
    kindContainers(docker),
    helperImage(docker, []),
  ]);
  const chains = image === undefined ? [] : await listIsolation(docker, image, AbortSignal.timeout(cleanUpTimeoutMs));
  const names = [await listFolders(), lines(networks.stdout), lines(containers.stdout), kind.map(({ cluster }) => cluster), chains.flatMap(({ cluster }) => cluster ?? [])];
  return [...new Set(names.flat())].sort();
}

/** kind's own label: the name of a container's cluster. */
const kindLabel = 'io.x-k8s.kind.cluster';

/** A container of kind's, and the cluster that it is of. */
export interface KindContainer {
  readonly container: string;
  readonly cluster: string;
}

async function kindContainers(docker: Docker): Promise<KindContainer[]> {
  const format = `{{.Names}}\t{{.Label "${kindLabel}"}}\t{{.Image}}\t{{.Networks}}`;
  return readKindContainers((await docker.run(['ps', '--all', '--filter', `label=${kindLabel}`, '--format', format])).stdout);
}

/**
 * Those of kind's containers that are ours: a user may have others. Told by their network; or by their image, for a node has
 * no network for a moment when it is given its old address back, and a SIGKILL may come in that moment.
 *
 * @param text name, cluster, image and networks of one container on each line, with tabs between
 */
export function readKindContainers(text: string): KindContainer[] {
  return lines(text).flatMap((line) => {
    const [container = '', cluster = '', image = '', networks = ''] = line.split('\t');
    return networks.split(',').includes(networkOf(cluster)) || image.startsWith('edgeproof/') ? [{ container, cluster }] : [];
  });
}

/** Removes every cluster, and what an interrupted image build left. @returns the names of the clusters removed */
export async function removeEverything(docker: Docker, report: (name: string) => void = () => {}): Promise<string[]> {
  const names = await findClusters(docker);
  const failures: unknown[] = [];
  for (const name of names) {
    report(name);
    await removeCluster(docker, name).catch((error: unknown) => failures.push(error)); // the others still go
  }
  const leftovers = await docker.containers(`label=${ownedLabel}`);
  if (leftovers.length > 0) await docker.run(['rm', '--force', '--volumes', ...leftovers], { timeoutMs: cleanUpTimeoutMs });
  const left = await findClusters(docker);
  if (left.length > 0 || failures.length > 0) {
    throw new CannotTellError('LEFTOVERS', left.length > 0 ? `these clusters could not be removed whole: ${left.join(', ')}` : 'not everything could be removed', { cause: failures[0], next: 'run `edgeproof down --all` again' });
  }
  return names;
}

/** An image with iptables: a node's, of a container that is there or of the engine's store. */
async function helperImage(docker: Docker, containers: readonly string[]): Promise<string | undefined> {
  for (const container of containers) {
    // It may go by itself (`--rm`) between the list and this look.
    const image = (await docker.inspect(container).catch(() => undefined))?.Config.Image;
    if (image?.includes('node')) return image;
  }
  const { stdout } = await docker.run(['image', 'ls', '--format', '{{.Repository}}:{{.Tag}}', '--filter', 'reference=edgeproof/*node*']);
  return lines(stdout)[0];
}
