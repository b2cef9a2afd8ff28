import { CannotTellError } from '../../core/errors.ts';
import { waitFor } from '../../core/wait.ts';
import { type Fault, type FaultContext } from '../fault.ts';
import { unitProperties } from '../systemd.ts';
import { nodeOfUnit, type Target } from '../target.ts';

interface Running { readonly pid: number; readonly state: string }

/** systemd waits as long as the unit says before it starts it again: seconds, for those of a node. */
const restartTimeoutMs = 30_000;

async function mainProcess(ctx: FaultContext, node: string, unit: string): Promise<Running> {
  const values = await unitProperties(ctx, node, unit, ['MainPID', 'ActiveState']);
  return { pid: Number(values.get('MainPID') ?? 0), state: values.get('ActiveState') ?? '' };
}

/** The main process of a systemd unit gets SIGKILL on its node, as by the kernel when memory is short. Done when systemd has started the next one. */
export function unitKill(target: Target): Pick<Fault, 'inject' | 'verify' | 'heal'> {
  if (target.type !== 'unit') throw new TypeError(`not a unit: ${target.type}`);
  const { unit } = target;
  let killed: number | undefined;
  return {
    inject: async (ctx) => {
      if (killed !== undefined) return;
      const { name } = nodeOfUnit(target, ctx.cluster);
      const { pid, state } = await mainProcess(ctx, name, unit);
      // 0 and negative numbers mean groups of processes to kill(2).
      if (!(pid > 1)) throw new CannotTellError('FAULT_NO_VICTIM', `${unit} has no process on ${name}: it is ${state || 'unknown'}`);
      await ctx.docker.exec(name, ['kill', '-KILL', String(pid)], { timeoutMs: 15_000, signal: ctx.signal });
      killed = pid;
    },
    verify: async (ctx) => {
      const old = killed;
      if (old === undefined) throw new CannotTellError('FAULT_NOT_SEEN', 'nothing was killed yet');
      const { name } = nodeOfUnit(target, ctx.cluster);
      return await waitFor(`the next process of ${unit} on ${name}`, async (signal) => {
        const { pid, state } = await mainProcess({ ...ctx, signal }, name, unit);
        return pid > 1 && pid !== old && state === 'active' ? { done: `${name}: ${unit} is PID ${pid}, it was ${old}` } : { missing: `it is ${state}, PID ${pid}` };
      }, { timeoutMs: restartTimeoutMs, everyMs: 100, signal: ctx.signal });
    },
    // Starting what runs does nothing.
    heal: async (ctx) => { await ctx.docker.exec(nodeOfUnit(target, ctx.cluster).name, ['systemctl', 'start', unit], { timeoutMs: 60_000, signal: ctx.signal }); },
  };
}
