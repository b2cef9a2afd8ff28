import { CannotTellError } from '../../core/errors.ts';
import { waitFor } from '../../core/wait.ts';
import { type Fault, type FaultContext } from '../fault.ts';
import { unitProperties } from '../systemd.ts';
import { nodesOf, type Target } from '../target.ts';

interface Unit { readonly pid: string; readonly startedUs: string; readonly state: string }

/** Until what has started answers. */
const answerTimeoutMs = 20_000;

/** A unit of each node, by systemd's name and as people say; and how it is told that it answers, beyond that it runs. */
interface Restarted {
  readonly unit: string;
  readonly said: string;
  readonly answers?: readonly string[];
}

async function stateOf(ctx: FaultContext, node: string, unit: string): Promise<Unit> {
  const values = await unitProperties(ctx, node, unit, ['MainPID', 'ExecMainStartTimestampMonotonic', 'ActiveState']);
  return { pid: values.get('MainPID') ?? '', startedUs: values.get('ExecMainStartTimestampMonotonic') ?? '', state: values.get('ActiveState') ?? '' };
}

/** The unit's process ends in order and another one starts; containers run on meanwhile. */
function unitRestart(target: Target, { unit, said, answers }: Restarted): Pick<Fault, 'inject' | 'verify' | 'heal'> {
  const before = new Map<string, Unit>();
  const systemctl = (ctx: FaultContext, node: string, verb: string): Promise<unknown> =>
    ctx.docker.exec(node, ['systemctl', verb, unit], { timeoutMs: 60_000, signal: ctx.signal });
  return {
    inject: async (ctx) => {
      await Promise.all(nodesOf(target, ctx.cluster).map(async ({ name }) => {
        if (before.has(name)) return;
        before.set(name, await stateOf(ctx, name, unit));
        await systemctl(ctx, name, 'restart');
      }));
    },
    verify: async (ctx) => {
      const seen = await Promise.all(nodesOf(target, ctx.cluster).map(async ({ name }) => {
        const [old, now] = [before.get(name), await stateOf(ctx, name, unit)];
        if (old === undefined || now.startedUs === old.startedUs || now.state !== 'active') {
          throw new CannotTellError('FAULT_NOT_SEEN', `${name}: ${said} is ${now.state}, PID ${now.pid}; before it was PID ${old?.pid ?? 'unknown'}`);
        }
        if (answers !== undefined) {
          await waitFor(`${said} answering on ${name}`, async (signal) => {
            const { code, stderr } = await ctx.docker.exec(name, answers, { accept: 'any', timeoutMs: answerTimeoutMs, signal });
            return code === 0 ? { done: true } : { missing: stderr.trim().slice(-200) };
          }, { timeoutMs: answerTimeoutMs, signal: ctx.signal });
        }
        return `${name}: ${said} is PID ${now.pid}, it was ${old.pid}${answers === undefined ? '' : ', and answers'}`;
      }));
      return seen.join('; ');
    },
    // Starting what runs does nothing.
    heal: async (ctx) => { await Promise.all(nodesOf(target, ctx.cluster).map(({ name }) => systemctl(ctx, name, 'start'))); },
  };
}

export const kubeletRestart = (target: Target): Pick<Fault, 'inject' | 'verify' | 'heal'> => unitRestart(target, { unit: 'kubelet', said: 'the kubelet' });
export const containerdRestart = (target: Target): Pick<Fault, 'inject' | 'verify' | 'heal'> => unitRestart(target, { unit: 'containerd', said: 'containerd', answers: ['crictl', 'version'] });
