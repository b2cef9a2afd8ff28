import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { kubectlProgram } from '../../images/programs.ts';
import { controlPlaneOf, type ClusterState } from '../cluster/state.ts';
import type { Docker } from '../docker/docker.ts';
import { programsFolder } from './go-programs.ts';
import { copyKubectl } from './node-files.ts';

/**
 * A kubectl for a cluster that runs: the one that was built here, else that of its nodes. Nothing is built or pulled for it.
 *
 * @returns its path
 */
export async function kubectlFor(docker: Docker, cluster: ClusterState, signal: AbortSignal): Promise<string> {
  const built = join(await programsFolder(kubectlProgram), 'kubectl');
  if (await access(built).then(() => true, () => false)) return built;
  return await copyKubectl(docker, (await docker.inspect(controlPlaneOf(cluster).name, signal)).Config.Image);
}
