import type { Docker } from '../docker/docker.ts';
import { CannotTellError } from '../../core/errors.ts';
import { listIsolation, removeIsolation } from '../wan/isolation.ts';
import { clusterLabel, networkOf, ownedLabel } from './labels.ts';
import { forgetCluster, listClusters } from './store.ts';

/** Clean-up has a budget of its own and listens to no abort: it always runs to its end. */
const cleanUpTimeoutMs = 3 * 60_000;

const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '');

/** Whether anything of a cluster is on the engine. */
export async function clusterExists(docker: Docker, name: string): Promise<boolean> {
  const { stdout } = await docker.run(['network', 'ls', '--quiet', '--filter', `name=^${networkOf(name)}$`]);
  return stdout.trim() !== '' || (await containersOf(docker, name)).length > 0;
}

/** kind's containers are told by their network; ours carry the cluster's label. */
async function containersOf(docker: Docker, name: string): Promise<string[]> {
  const found = await Promise.all([docker.containers(`network=${networkOf(name)}`), docker.containers(`label=${clusterLabel}=${name}`)]);
  return [...new Set(found.flat())];
}

/** Removes a cluster with all that belongs to it: containers, their volumes, chains on the host, the network, its folder. Idempotent. */
export async function removeCluster(docker: Docker, name: string): Promise<void> {
  const run = { timeoutMs: cleanUpTimeoutMs };
  const containers = await containersOf(docker, name);
  const image = await helperImage(docker, containers);
  if (containers.length > 0) await docker.run(['rm', '--force', '--volumes', ...containers], run);
  if (image !== undefined) await removeIsolation(docker, image, name, AbortSignal.timeout(cleanUpTimeoutMs));
  const { stdout } = await docker.run(['network', 'ls', '--quiet', '--filter', `name=^${networkOf(name)}$`]);
  for (const network of lines(stdout)) await docker.run(['network', 'rm', network], run);
  await forgetCluster(name);
}

/** Names of all clusters of which anything is left: folders, networks, containers, or chains on the host. */
export async function findClusters(docker: Docker): Promise<string[]> {
  const format = `{{.Label "${clusterLabel}"}}`;
  const [networks, containers, image] = await Promise.all([
    docker.run(['network', 'ls', '--filter', `label=${ownedLabel}`, '--format', format]),
    docker.run(['ps', '--all', '--filter', `label=${clusterLabel}`, '--format', format]),
    helperImage(docker, []),
  ]);
  const chains = image === undefined ? [] : await listIsolation(docker, image, AbortSignal.timeout(cleanUpTimeoutMs));
  return [...new Set([...(await listClusters()), ...lines(networks.stdout), ...lines(containers.stdout), ...chains.flatMap(({ cluster }) => cluster ?? [])])].sort();
}

/** Removes every cluster, and what an interrupted image build left. @returns the names of the clusters removed */
export async function removeEverything(docker: Docker, report: (name: string) => void = () => {}): Promise<string[]> {
  const names = await findClusters(docker);
  for (const name of names) {
    report(name);
    await removeCluster(docker, name);
  }
  const leftovers = await docker.containers(`label=${ownedLabel}`);
  if (leftovers.length > 0) await docker.run(['rm', '--force', '--volumes', ...leftovers], { timeoutMs: cleanUpTimeoutMs });
  const left = await findClusters(docker);
  if (left.length > 0) throw new CannotTellError('LEFTOVERS', `these clusters could not be removed whole: ${left.join(', ')}`, { next: 'run `edgeproof down --all` again' });
  return names;
}

/** An image with iptables: a node's, of a container that is there or of the engine's store. */
async function helperImage(docker: Docker, containers: readonly string[]): Promise<string | undefined> {
  for (const container of containers) {
    const image = (await docker.inspect(container)).Config.Image;
    if (image.includes('node')) return image;
  }
  const { stdout } = await docker.run(['image', 'ls', '--format', '{{.Repository}}:{{.Tag}}', '--filter', 'reference=edgeproof/*node*']);
  return lines(stdout)[0];
}
