import { CannotTellError } from '../../core/errors.ts';
import type { Docker } from '../docker/docker.ts';
import { podsOn } from './pods-on-node.ts';

/** How many files and sockets a process holds open, and whose it is, as `kubelet on dev-worker2`. */
export interface OpenFiles {
  readonly of: string;
  readonly count: number;
}

const timeoutMs = 10_000;

async function count(docker: Docker, node: string, of: string, script: string, args: readonly string[], signal?: AbortSignal): Promise<OpenFiles> {
  const { stdout, stderr } = await docker.exec(node, ['sh', '-c', script, 'edgeproof', ...args], { accept: 'any', timeoutMs, ...(signal && { signal }) });
  const seen = Number.parseInt(stdout, 10);
  // A process that does not run has no line, and no process has no open files.
  if (!(seen > 0)) throw new CannotTellError('NO_PROCESS', `${of}: its open files could not be counted: ${stderr.trim()}`);
  return { of, count: seen };
}

/** Of a program that runs once on a node, by its name in the process table (at most 15 characters). @throws CannotTellError `NO_PROCESS` */
export const openFilesOf = async (docker: Docker, node: string, program: string, signal?: AbortSignal): Promise<OpenFiles> =>
  await count(docker, node, `${program} on ${node}`, 'ls "/proc/$(pgrep -ox "$1")/fd" | wc -l', [program], signal);

/** Of the first process of each container that a Pod runs. @throws CannotTellError `NO_PROCESS`; ExecError */
export async function openFilesOfPod(docker: Docker, node: string, uid: string, signal?: AbortSignal): Promise<OpenFiles[]> {
  const pod = (await podsOn(docker, node, signal)).find((one) => one.uid === uid && one.sandbox.ready);
  const running = pod?.containers.filter((container) => container.running) ?? [];
  if (pod === undefined || running.length === 0) throw new CannotTellError('NO_PROCESS', `${node} runs no container of the Pod with UID ${uid}`);
  const script = 'ls "/proc/$(crictl inspect --output go-template --template "{{.info.pid}}" "$1")/fd" | wc -l';
  return await Promise.all(running.map(({ id, name }) => count(docker, node, `${pod.name}${running.length === 1 ? '' : `/${name}`} on ${node}`, script, [id], signal)));
}
