import { CannotTellError } from '../core/errors.ts';
import { startTimeIn } from '../core/process.ts';
import { waitFor } from '../core/wait.ts';
import { type NodeState } from '../harness/cluster/state.ts';
import { pinAddress } from '../harness/docker/pin-address.ts';
import { type FaultContext } from './fault.ts';

/** Tells one life of a node from the next. */
export interface Life {
  /** When Docker started the container, ISO 8601. */
  readonly startedAt: string;
  /** Start of PID 1 as the node itself sees it, in clock ticks since the machine's boot. */
  readonly initTicks: string;
}

/** Time for a stopped node to answer again; it takes about four seconds on an idle machine. */
const backTimeoutMs = 90_000;

/** @throws ExecError when the node does not run */
export async function lifeOf({ docker, signal }: FaultContext, node: string): Promise<Life> {
  const [{ State }, { stdout }] = await Promise.all([docker.inspect(node, signal), docker.exec(node, ['cat', '/proc/1/stat'], { timeoutMs: 10_000, signal })]);
  return { startedAt: State.StartedAt, initTicks: startTimeIn(stdout) ?? '' };
}

/** Time for a node that is shutting down to be off: what `docker stop` gives it, and room. */
const offTimeoutMs = 30_000;

/** Of a node that somebody, perhaps a process that was killed since, is stopping: waits until it is off. */
async function waitWhileStopping({ docker, signal }: FaultContext, node: string): Promise<void> {
  await waitFor(`${node} off, as it is shutting down`, async (look) => {
    // A node that is off gives no answer, which is an answer.
    const { stdout } = await docker.exec(node, ['systemctl', 'is-system-running'], { timeoutMs: 10_000, signal: look, accept: 'any' });
    return stdout.trim() === 'stopping' ? { missing: 'it is still stopping' } : { done: true };
  }, { timeoutMs: offTimeoutMs, everyMs: 200, signal });
}

/** Starts a stopped node, and waits until it is a machine again. Does nothing to a node that runs. */
export async function powerOn(ctx: FaultContext, node: NodeState): Promise<void> {
  await waitWhileStopping(ctx, node.name);
  if (!(await ctx.docker.inspect(node.name, ctx.signal)).State.Running) {
    await pinAddress(ctx.docker, ctx.cluster.network.name, node, ctx.signal);
    const { code, stderr } = await ctx.docker.run(['start', node.name], { timeoutMs: 60_000, signal: ctx.signal, accept: 'any' });
    if (code !== 0) {
      throw new CannotTellError('NODE_NOT_STARTED', `${node.name} does not start again at ${node.address}: ${stderr.trim()}`, {
        next: `if another container has that address, remove it: docker network inspect ${ctx.cluster.network.name}`,
      });
    }
  }
  await waitUntilUp(ctx, node.name);
  await demandAddress(ctx, node);
}

/** Up: systemd and containerd answer. The kubelet and what it runs are not waited for: they are what is graded. */
async function waitUntilUp({ docker, signal }: FaultContext, node: string): Promise<void> {
  await waitFor(`systemd and containerd of ${node}`, async (look) => {
    const options = { timeoutMs: 10_000, signal: look, accept: 'any' as const };
    const { stdout } = await docker.exec(node, ['systemctl', 'is-active', 'containerd'], options);
    if (stdout.trim() !== 'active') return { missing: `containerd is ${stdout.trim() || 'not known to systemd yet'}` };
    const { code, stderr } = await docker.exec(node, ['crictl', 'version'], options);
    return code === 0 ? { done: true } : { missing: stderr.trim().slice(-200) };
  }, { timeoutMs: backTimeoutMs, everyMs: 200, signal });
}

/** @throws CannotTellError `NODE_ADDRESS_CHANGED`: the isolation's rules would no longer be about this node */
async function demandAddress({ cluster, docker }: FaultContext, node: NodeState): Promise<void> {
  const address = await docker.address(node.name, cluster.network.name);
  if (address === node.address) return;
  throw new CannotTellError('NODE_ADDRESS_CHANGED', `${node.name} came back at ${address}, it was at ${node.address}: its isolation no longer holds`, {
    next: `boot the cluster again: edgeproof down ${cluster.name} && edgeproof up`,
  });
}

/** What a node's new life shows, as a sentence. @throws CannotTellError `FAULT_NOT_SEEN` when it is the old one */
export async function verifyNewLife(ctx: FaultContext, node: NodeState, before: Life | undefined): Promise<string> {
  const now = await lifeOf(ctx, node.name);
  if (before === undefined) throw new CannotTellError('FAULT_NOT_SEEN', `nothing was done to ${node.name} yet`);
  if (now.initTicks === before.initTicks || now.startedAt <= before.startedAt) {
    throw new CannotTellError('FAULT_NOT_SEEN', `${node.name} lives on: its PID 1 started at ${now.startedAt} as before`);
  }
  await demandAddress(ctx, node);
  return `${node.name}: a new PID 1 since ${now.startedAt}, systemd and containerd answer, the address is ${node.address} as before`;
}
