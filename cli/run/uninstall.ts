import { exitCodes } from '../../core/errors.ts';
import { loadCluster } from '../../harness/cluster/store.ts';
import { uninstallFrom } from '../../harness/cluster/uninstall.ts';
import { kubectlFor } from '../../harness/images/kubectl.ts';
import { loadImplementation } from '../../implementations/load.ts';
import type { Io } from '../io.ts';
import { gradeAlone, orForce } from './grade-alone.ts';
import { useEngine } from './prepare.ts';

/** `edgeproof uninstall` @throws UsageError when another edgeproof has the cluster for itself */
export async function uninstallNow(name: string, { force = false }: { readonly force?: boolean }, io: Io): Promise<number> {
  // Held to its end: a run that began meanwhile would be graded on half of an implementation.
  await using _ = force ? undefined : await gradeAlone(name, orForce);
  const cluster = await loadCluster(name);
  const implementation = await loadImplementation(cluster.implementation);
  await using engine = await useEngine(io);
  const kubectl = await kubectlFor(engine.docker, cluster, io.signal);
  await uninstallFrom({ cluster, implementation, docker: engine.docker, kubectl, progress: io.progress, signal: io.signal });
  io.stdout.write(`Cluster ${name} is plain Kubernetes: ${implementation.name} is taken out.\n`);
  return exitCodes.pass;
}
