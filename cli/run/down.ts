import { exitCodes, UsageError } from '../../core/errors.ts';
import { clusterExists, removeCluster, removeEverything } from '../../harness/cluster/down.ts';
import { forgetCluster, listClusters } from '../../harness/cluster/store.ts';
import { Docker } from '../../harness/docker/docker.ts';
import { findEngine } from '../../harness/engine/find-engine.ts';
import { startPrivateEngine, stopPrivateEngine, wasKilled } from '../../harness/engine/private-engine.ts';
import { removeLeftWorkFolders } from '../../harness/images/work-folder.ts';
import { endOrphans } from '../../core/process.ts';
import type { Io } from '../io.ts';
import type { DownOptions } from '../options.ts';

/** `edgeproof down`: clean-up listens to no abort, it always runs to its end. */
export async function down(options: DownOptions, io: Io): Promise<number> {
  // Containers of an engine that was killed live on without it: only an engine can remove them.
  const engine = (await findEngine()) ?? ((await wasKilled()) ? await startPrivateEngine() : undefined);
  const docker = engine && new Docker(engine);
  if ('all' in options) return await all(docker, io);
  const { name } = options;
  const known = (await listClusters()).includes(name);
  if (!known && (docker === undefined || !(await clusterExists(docker, name)))) {
    throw new UsageError(`there is no cluster ${name}`, { next: 'edgeproof status lists those that there are' });
  }
  await io.progress.step(`Removing cluster ${name}`, async () => {
    await (docker === undefined ? forgetCluster(name) : removeCluster(docker, name));
  });
  return exitCodes.pass;
}

async function all(docker: Docker | undefined, io: Io): Promise<number> {
  const orphans = await endOrphans();
  await io.progress.step('Removing everything that edgeproof started', async (step) => {
    const names = docker === undefined ? await listClusters() : await removeEverything(docker, (name) => step.detail(`cluster ${name}`));
    if (docker === undefined) for (const name of names) await forgetCluster(name);
    await removeLeftWorkFolders();
    const stopped = await stopPrivateEngine();
    step.result([names.length === 0 ? 'no cluster was left' : `removed ${names.join(', ')}`, ...(orphans > 0 ? [`ended ${orphans} processes of a killed edgeproof`] : []), ...(stopped ? ["stopped edgeproof's own engine"] : [])].join('; '));
  });
  return exitCodes.pass;
}
