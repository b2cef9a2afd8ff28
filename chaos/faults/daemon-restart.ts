import { CannotTellError } from '../../core/errors.ts';
import { waitFor } from '../../core/wait.ts';
import { podsOn, type NodePod } from '../../harness/probes/pods-on-node.ts';
import { killContainer } from '../cri.ts';
import { type Fault, type FaultContext } from '../fault.ts';
import { nodesOf, type Target } from '../target.ts';

/** A DaemonSet's Pod on each node: its namespace, how its name begins, and how people call it. */
interface Daemon {
  readonly namespace: string;
  readonly prefix: string;
  readonly said: string;
}

/** As flannel's own manifest has it, and as kubeadm has it. */
const flannel: Daemon = { namespace: 'kube-flannel', prefix: 'kube-flannel-ds-', said: 'flannel' };
const kubeProxy: Daemon = { namespace: 'kube-system', prefix: 'kube-proxy-', said: 'kube-proxy' };

/** The kubelet waits 10 s, then 20, 40 and so on before it starts a container that died again soon after its last start. */
const restartTimeoutMs = 180_000;

async function podOf({ namespace, prefix }: Daemon, { docker, signal }: FaultContext, node: string): Promise<NodePod | undefined> {
  return (await podsOn(docker, node, signal)).find((pod) => pod.namespace === namespace && pod.name.startsWith(prefix) && pod.sandbox.ready);
}

/** SIGKILL to a daemon on a node, if it runs there. @returns the containers that it ran in */
async function killDaemon(daemon: Daemon, ctx: FaultContext, node: string): Promise<string[]> {
  const ids = running(await podOf(daemon, ctx, node));
  await Promise.all(ids.map((id) => killContainer(ctx, node, id)));
  return ids;
}

export const killFlannel = async (ctx: FaultContext, node: string): Promise<string[]> => await killDaemon(flannel, ctx, node);

const running = (pod: NodePod | undefined): string[] => (pod?.containers ?? []).filter((one) => one.running).map((one) => one.id);

/**
 * The daemon is killed on the node and started again by the kubelet: no API server is needed, so it works while the
 * site is cut off. Done when the next one runs.
 */
function daemonRestart(target: Target, daemon: Daemon): Pick<Fault, 'inject' | 'verify' | 'heal'> {
  const killed = new Map<string, string[]>();
  const next = async (ctx: FaultContext, node: string, old: readonly string[]): Promise<string> =>
    await waitFor(`the next start of ${daemon.said} on ${node}`, async (signal) => {
      const fresh = running(await podOf(daemon, { ...ctx, signal }, node)).find((id) => !old.includes(id));
      return fresh === undefined ? { missing: 'the kubelet has not started it again (it waits longer after each kill)' } : { done: fresh };
    }, { timeoutMs: restartTimeoutMs, everyMs: 500, signal: ctx.signal });
  return {
    inject: async (ctx) => {
      await Promise.all(nodesOf(target, ctx.cluster).map(async ({ name }) => {
        if (killed.has(name)) return;
        const ids = await killDaemon(daemon, ctx, name);
        if (ids.length === 0) throw new CannotTellError('FAULT_NO_VICTIM', `${daemon.said} does not run on ${name}`);
        killed.set(name, ids);
      }));
    },
    verify: async (ctx) => {
      const seen = await Promise.all(nodesOf(target, ctx.cluster).map(async ({ name }) => {
        const old = killed.get(name);
        if (old === undefined) throw new CannotTellError('FAULT_NOT_SEEN', `nothing was killed on ${name} yet`);
        const id = await next(ctx, name, old);
        return `${name}: ${daemon.said} runs in container ${id.slice(0, 12)}, it was ${old.map((one) => one.slice(0, 12)).join(', ')}`;
      }));
      return seen.join('; ');
    },
    // The kubelet starts it; there is nothing to undo.
    heal: async () => {},
  };
}

export const flannelRestart = (target: Target): Pick<Fault, 'inject' | 'verify' | 'heal'> => daemonRestart(target, flannel);
export const kubeProxyRestart = (target: Target): Pick<Fault, 'inject' | 'verify' | 'heal'> => daemonRestart(target, kubeProxy);
