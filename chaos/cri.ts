import { CannotTellError } from '../core/errors.ts';
import { type NodePod, podsOn } from '../harness/probes/pods-on-node.ts';
import { type FaultContext } from './fault.ts';
import { type Target } from './target.ts';

const timeoutMs = 15_000;

/** What the container runtime says of a container or a sandbox: undefined when it has forgotten it. */
async function inspect({ docker, signal }: FaultContext, node: string, verb: 'inspect' | 'inspectp', id: string): Promise<{ state: string; pid: number; exitCode?: number } | undefined> {
  const { code, stdout, stderr } = await docker.exec(node, ['crictl', verb, '-o', 'json', id], { timeoutMs, signal, accept: 'any' });
  if (code !== 0) {
    if (/not ?found/i.test(stderr)) return undefined;
    throw new CannotTellError('CRI', `${node}: crictl ${verb} ${id.slice(0, 12)}: ${stderr.trim().slice(-300)}`);
  }
  const { status, info } = JSON.parse(stdout) as { status: { state: string; exitCode?: number }; info?: { pid?: number } };
  return { state: status.state, pid: info?.pid ?? 0, ...(status.exitCode !== undefined && { exitCode: status.exitCode }) };
}

export const containerState = (ctx: FaultContext, node: string, id: string): ReturnType<typeof inspect> => inspect(ctx, node, 'inspect', id);
export const sandboxState = (ctx: FaultContext, node: string, id: string): ReturnType<typeof inspect> => inspect(ctx, node, 'inspectp', id);

/** SIGKILL to PID 1 of a container. A container that is dead already is left alone. */
export async function killContainer(ctx: FaultContext, node: string, id: string): Promise<void> {
  const now = await containerState(ctx, node, id);
  if (now?.state === 'CONTAINER_RUNNING') await killProcess(ctx, node, now.pid);
}

/** SIGKILL to a sandbox's pause process. A sandbox that is not ready is left alone. */
export async function killSandbox(ctx: FaultContext, node: string, id: string): Promise<void> {
  const now = await sandboxState(ctx, node, id);
  if (now?.state === 'SANDBOX_READY') await killProcess(ctx, node, now.pid);
}

/** PIDs are the node's: its containers' processes are in its own PID namespace too. */
async function killProcess({ docker, signal }: FaultContext, node: string, pid: number): Promise<void> {
  // 0 and negative numbers mean groups of processes to kill(2).
  if (!(pid > 1)) throw new CannotTellError('CRI', `${node}: the container runtime gives ${pid} as the process to kill`);
  await docker.exec(node, ['kill', '-KILL', String(pid)], { timeoutMs, signal });
}

/**
 * Finds a Pod by asking every node's container runtime, so that it works while nodes are cut off; nodes that are
 * down are passed over. The newest ready sandbox counts.
 *
 * @throws CannotTellError `FAULT_NO_VICTIM`
 */
export async function findPod(ctx: FaultContext, target: Extract<Target, { type: 'pod' }>): Promise<NodePod> {
  const answers = await Promise.allSettled(ctx.cluster.nodes.map((node) => podsOn(ctx.docker, node.name, ctx.signal)));
  ctx.signal.throwIfAborted();
  const pods = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
  const found = pods.find((pod) => pod.namespace === target.namespace && pod.name === target.name && pod.sandbox.ready);
  if (found !== undefined) return found;
  const mute = ctx.cluster.nodes.filter((_, index) => answers[index]?.status === 'rejected').map((node) => node.name);
  throw new CannotTellError('FAULT_NO_VICTIM', `no node runs the Pod ${target.namespace}/${target.name}${mute.length > 0 ? ` (${mute.join(', ')} did not answer)` : ''}`);
}
