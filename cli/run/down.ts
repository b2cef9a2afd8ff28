import { CannotTellError, exitCodes, UsageError } from '../../core/errors.ts';
import { endOrphans } from '../../core/process.ts';
import type { Progress } from '../../core/progress.ts';
import { clusterExists, removeCluster, removeEverything } from '../../harness/cluster/down.ts';
import { forgetCluster, listClusters, listFolders } from '../../harness/cluster/store.ts';
import { Docker, type Engine } from '../../harness/docker/docker.ts';
import { findEngines } from '../../harness/engine/find-engine.ts';
import { hasUnseenContainers, leavePrivateEngine, lockEngine, startPrivateEngine } from '../../harness/engine/private-engine.ts';
import { removeLeftWorkFolders } from '../../harness/images/work-folder.ts';
import type { Io } from '../io.ts';
import type { DownOptions } from '../options.ts';
import { handsAlone } from './grade-alone.ts';

/** `edgeproof down`: clean-up listens to no abort, it always runs to its end. @throws UsageError when another edgeproof has the cluster for itself */
export async function down(options: DownOptions, io: Io): Promise<number> {
  await using _ = options.force ? undefined : await handsAlone('all' in options ? await listFolders() : [options.name]);
  if ('all' in options) await all(io.progress);
  else await one(options.name, io.progress);
  return exitCodes.pass;
}

/** The engines that clusters may be on, the user's and edgeproof's own. */
async function engines(): Promise<Docker[]> {
  const found: Engine[] = await findEngines();
  if (!found.some((engine) => engine.private) && (await hasUnseenContainers())) {
    // Containers of an engine that was killed live on without it: only an engine can remove them.
    await using _ = await lockEngine();
    found.push(await startPrivateEngine());
  }
  return found.map((engine) => new Docker(engine));
}

async function one(name: string, progress: Progress): Promise<void> {
  const known = (await listClusters()).includes(name);
  const all = await engines();
  const there = await Promise.all(all.map(async (docker) => await clusterExists(docker, name)));
  const holders = all.filter((_, index) => there[index]);
  if (!known && holders.length === 0) {
    throw new UsageError(`there is no cluster ${name}`, { next: 'edgeproof status lists those that there are' });
  }
  if (all.length === 0) throw noEngine([name]);
  await progress.step(`Removing cluster ${name}`, async () => {
    // Of one that only its record remembers, chains on the host may be left.
    for (const docker of holders.length > 0 ? holders : all) await removeCluster(docker, name);
    await forgetCluster(name);
  });
  if (all.some((docker) => docker.engine.private)) await leavePrivateEngine();
}

async function all(progress: Progress): Promise<void> {
  await progress.step('Removing everything that edgeproof started', async (step) => {
    const orphans = await endOrphans();
    const found = await engines();
    const remembered = await listClusters();
    if (found.length === 0 && remembered.length > 0) throw noEngine(remembered);
    const names = new Set<string>();
    for (const docker of found) for (const name of await removeEverything(docker, (one) => step.detail(`cluster ${one}`))) names.add(name);
    await removeLeftWorkFolders();
    const engine = await leavePrivateEngine();
    step.result([
      names.size === 0 ? 'no cluster was left' : `removed ${[...names].join(', ')}`,
      ...(orphans > 0 ? [`ended ${orphans} processes of a killed edgeproof`] : []),
      ...(engine === 'stopped' ? ["stopped edgeproof's own engine"] : engine === 'in use' ? ["another edgeproof still works on edgeproof's own engine"] : []),
    ].join('; '));
  });
}

const noEngine = (clusters: readonly string[]): CannotTellError =>
  new CannotTellError('NO_ENGINE', `no Docker engine answers, so what there is of ${clusters.join(', ')} cannot be removed`, { next: 'start Docker, and run this command again' });
