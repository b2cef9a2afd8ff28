import { CannotTellError } from '../../core/errors.ts';
import { waitFor } from '../../core/wait.ts';
import { containerState, findPod, killContainer } from '../cri.ts';
import { type Fault } from '../fault.ts';
import { type Target } from '../target.ts';

interface Victim { readonly node: string; readonly id: string; readonly name: string }

/** PID 1 of the Pod's containers (or of the one named) gets SIGKILL. That they come back is not waited for. */
export function containerKill(target: Target): Pick<Fault, 'inject' | 'verify' | 'heal'> {
  if (target.type !== 'pod') throw new TypeError(`not a Pod: ${target.type}`);
  let victims: readonly Victim[] | undefined;
  return {
    inject: async (ctx) => {
      if (victims === undefined) {
        const pod = await findPod(ctx, target);
        const running = pod.containers.filter((one) => one.running && (target.container === undefined || one.name === target.container));
        if (running.length === 0) {
          throw new CannotTellError('FAULT_NO_VICTIM', `Pod ${target.namespace}/${target.name} on ${pod.node} runs ${target.container === undefined ? 'no container' : `no container ${target.container}`}`);
        }
        victims = running.map(({ id, name }) => ({ node: pod.node, id, name }));
      }
      await Promise.all(victims.map(({ node, id }) => killContainer(ctx, node, id)));
    },
    verify: async (ctx) => {
      if (victims === undefined) throw new CannotTellError('FAULT_NOT_SEEN', 'nothing was killed yet');
      const seen = await Promise.all(victims.map(({ node, id, name }) =>
        waitFor(`the end of container ${name} on ${node}`, async (signal) => {
          const now = await containerState({ ...ctx, signal }, node, id);
          if (now?.state === 'CONTAINER_RUNNING') return { missing: 'it still runs' };
          return { done: `container ${name} (${id.slice(0, 12)}) on ${node} ${now === undefined ? 'is gone' : `exited with ${now.exitCode ?? 'no code'}`}` };
        }, { timeoutMs: 20_000, everyMs: 100, signal: ctx.signal })));
      return seen.join('; ');
    },
    // The kubelet starts it again, or does not: that is what is graded.
    heal: async () => {},
  };
}
