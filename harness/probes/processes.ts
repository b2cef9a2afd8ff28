import { CannotTellError } from '../../core/errors.ts';
import type { Docker } from '../docker/docker.ts';
import { podsOn } from './pods-on-node.ts';

/** A figure of a process, and whose it is, as `kubelet on dev-worker2`. */
export interface ProcessFigure {
  readonly of: string;
  readonly count: number;
}

/** What is asked of a process: a line of shell that prints one number, `$pid` being the process; and what it is, for messages. */
interface Question {
  readonly what: string;
  readonly script: string;
}

export const openFiles: Question = { what: 'open files', script: 'ls "/proc/$pid/fd" | wc -l' };
/** Kilobytes that it holds of its own: no files that are mapped, which are its program's and may be dropped (proc(5): RssAnon). */
export const ownMemory: Question = { what: 'memory', script: 'sed -n "s/^RssAnon:[[:space:]]*\\([0-9]*\\) kB/\\1/p" "/proc/$pid/status"' };

const timeoutMs = 10_000;

async function ask(docker: Docker, node: string, of: string, question: Question, pid: string, arg: string, signal?: AbortSignal): Promise<ProcessFigure> {
  const { stdout, stderr } = await docker.exec(node, ['sh', '-c', `pid=$(${pid}); ${question.script}`, 'edgeproof', arg], { accept: 'any', timeoutMs, ...(signal && { signal }) });
  const count = Number.parseInt(stdout, 10);
  // A process that does not run has no line, and none that runs has no open files or no memory.
  if (!(count > 0)) throw new CannotTellError('NO_PROCESS', `${of}: its ${question.what} could not be counted: ${stderr.trim()}`);
  return { of, count };
}

/** Of a program that runs once on a node, by its name in the process table (at most 15 characters). @throws CannotTellError `NO_PROCESS` */
export const figureOf = async (docker: Docker, node: string, program: string, question: Question, signal?: AbortSignal): Promise<ProcessFigure> =>
  await ask(docker, node, `${program} on ${node}`, question, 'pgrep -ox "$1"', program, signal);

/** Of the first process of each container that a Pod runs. @throws CannotTellError `NO_PROCESS`; ExecError */
export async function figuresOfPod(docker: Docker, node: string, uid: string, question: Question, signal?: AbortSignal): Promise<ProcessFigure[]> {
  const pod = (await podsOn(docker, node, signal)).find((one) => one.uid === uid && one.sandbox.ready);
  const running = pod?.containers.filter((container) => container.running) ?? [];
  if (pod === undefined || running.length === 0) throw new CannotTellError('NO_PROCESS', `${node} runs no container of the Pod with UID ${uid}`);
  const pid = 'crictl inspect --output go-template --template "{{.info.pid}}" "$1"';
  return await Promise.all(running.map(({ id, name }) => ask(docker, node, `${pod.name}${running.length === 1 ? '' : `/${name}`} on ${node}`, question, pid, id, signal)));
}
