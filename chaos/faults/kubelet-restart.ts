import { CannotTellError } from '../../core/errors.ts';
import { type Fault, type FaultContext } from '../fault.ts';
import { unitProperties } from '../systemd.ts';
import { nodesOf, type Target } from '../target.ts';

interface Unit { readonly pid: string; readonly startedUs: string; readonly state: string }

async function kubeletOf(ctx: FaultContext, node: string): Promise<Unit> {
  const values = await unitProperties(ctx, node, 'kubelet', ['MainPID', 'ExecMainStartTimestampMonotonic', 'ActiveState']);
  return { pid: values.get('MainPID') ?? '', startedUs: values.get('ExecMainStartTimestampMonotonic') ?? '', state: values.get('ActiveState') ?? '' };
}

/** The kubelet's process ends and another one starts; containers run on meanwhile. */
export function kubeletRestart(target: Target): Pick<Fault, 'inject' | 'verify' | 'heal'> {
  const before = new Map<string, Unit>();
  const systemctl = (ctx: FaultContext, node: string, verb: string): Promise<unknown> =>
    ctx.docker.exec(node, ['systemctl', verb, 'kubelet'], { timeoutMs: 60_000, signal: ctx.signal });
  return {
    inject: async (ctx) => {
      await Promise.all(nodesOf(target, ctx.cluster).map(async ({ name }) => {
        if (before.has(name)) return;
        before.set(name, await kubeletOf(ctx, name));
        await systemctl(ctx, name, 'restart');
      }));
    },
    verify: async (ctx) => {
      const seen = await Promise.all(nodesOf(target, ctx.cluster).map(async ({ name }) => {
        const [old, now] = [before.get(name), await kubeletOf(ctx, name)];
        if (old === undefined || now.startedUs === old.startedUs || now.state !== 'active') {
          throw new CannotTellError('FAULT_NOT_SEEN', `${name}: the kubelet is ${now.state}, PID ${now.pid}; before it was PID ${old?.pid ?? 'unknown'}`);
        }
        return `${name}: the kubelet is PID ${now.pid}, it was ${old.pid}`;
      }));
      return seen.join('; ');
    },
    // Starting what runs does nothing.
    heal: async (ctx) => { await Promise.all(nodesOf(target, ctx.cluster).map(({ name }) => systemctl(ctx, name, 'start'))); },
  };
}
