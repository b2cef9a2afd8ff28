import { CannotTellError } from '../../core/errors.ts';
import type { Docker } from '../docker/docker.ts';
import { podsOn } from './pods-on-node.ts';

/**
 * Runs a shell script in a container, by the node's own container runtime: no API server and no tunnel has a part in it.
 *
 * @returns its stdout
 * @throws CannotTellError `NO_CONTAINER` when the node runs no such container; ExecError when the script failed
 */
export async function execInContainer(docker: Docker, target: { readonly node: string; readonly uid: string; readonly container: string }, script: string, options: { readonly timeoutMs?: number; readonly signal?: AbortSignal } = {}): Promise<string> {
  const pods = await podsOn(docker, target.node, options.signal);
  const container = pods.find(({ uid, sandbox }) => uid === target.uid && sandbox.ready)?.containers.find(({ name, running }) => name === target.container && running);
  if (container === undefined) throw new CannotTellError('NO_CONTAINER', `${target.node} runs no container ${target.container} of the Pod with UID ${target.uid}`);
  const { stdout } = await docker.exec(target.node, ['crictl', 'exec', '--sync', container.id, 'sh', '-c', script], { timeoutMs: options.timeoutMs ?? 15_000, ...(options.signal && { signal: options.signal }) });
  return stdout;
}
