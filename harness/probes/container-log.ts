import { allDone } from '../../core/all-done.ts';
import type { Docker } from '../docker/docker.ts';
import type { NodePod } from './pods-on-node.ts';

const timeoutMs = 10_000;

/** What the running containers of a Pod have written since a moment, by its node alone: works while the cloud knows no such node. @throws ExecError */
export async function logSince(docker: Docker, { node, containers }: NodePod, since: Date, signal?: AbortSignal): Promise<string> {
  const texts = await allDone(containers.filter(({ running }) => running).map(async ({ id }) => {
    const { stdout, stderr } = await docker.exec(node, ['crictl', 'logs', '--since', since.toISOString(), id], { timeoutMs, ...(signal && { signal }) });
    return `${stdout}\n${stderr}`;
  }));
  return texts.join('\n');
}
