import { CannotTellError } from '../../core/errors.ts';
import { waitFor } from '../../core/wait.ts';
import { findPod, killSandbox, sandboxState } from '../cri.ts';
import { type Fault } from '../fault.ts';
import { type Target } from '../target.ts';

/** The Pod's pause process gets SIGKILL, which ends its sandbox. That the Pod gets another one is not waited for. */
export function sandboxKill(target: Target): Pick<Fault, 'inject' | 'verify' | 'heal'> {
  if (target.type !== 'pod') throw new TypeError(`not a Pod: ${target.type}`);
  let victim: { readonly node: string; readonly id: string } | undefined;
  return {
    inject: async (ctx) => {
      if (victim === undefined) {
        const pod = await findPod(ctx, target);
        victim = { node: pod.node, id: pod.sandbox.id };
      }
      await killSandbox(ctx, victim.node, victim.id);
    },
    verify: async (ctx) => {
      if (victim === undefined) throw new CannotTellError('FAULT_NOT_SEEN', 'nothing was killed yet');
      const { node, id } = victim;
      return await waitFor(`the end of sandbox ${id.slice(0, 12)} on ${node}`, async (signal) => {
        const now = await sandboxState({ ...ctx, signal }, node, id);
        if (now?.state === 'SANDBOX_READY') return { missing: 'it is still ready' };
        return { done: `sandbox ${id.slice(0, 12)} of Pod ${target.namespace}/${target.name} on ${node} is ${now === undefined ? 'gone' : 'not ready'}` };
      }, { timeoutMs: 20_000, everyMs: 100, signal: ctx.signal });
    },
    // The kubelet makes another one, or does not: that is what is graded.
    heal: async () => {},
  };
}
