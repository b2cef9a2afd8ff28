import { randomBytes } from 'node:crypto';
import { CannotTellError } from '../../core/errors.ts';
import { waitFor } from '../../core/wait.ts';
import { unresolvedGateways } from '../../harness/probes/identity.ts';
import { type Fault } from '../fault.ts';
import { nodesOf, type Target } from '../target.ts';
import { vtepDevice } from '../../harness/cluster/flannel.ts';
import { annotated, deviceMac, macIn } from '../vtep.ts';
import { killFlannel } from './daemon-restart.ts';

const timeoutMs = 10_000;
/** The kubelet waits 10 s, then 20, 40 and so on before it starts a container that died again soon after its last start. */
const flannelTimeoutMs = 120_000;

/** Locally administered, of one station, and nobody's. */
const madeUp = (): string => ['02', ...[...randomBytes(5)].map((octet) => octet.toString(16).padStart(2, '0'))].join(':');

/** Both in one go: who puts it right at once must not be faster than the look at it. */
const giveAndLook = `set -e; ip link set dev ${vtepDevice} address "$1"; cat /sys/class/net/${vtepDevice}/address`;

/**
 * Somebody gives a node's VTEP another MAC, as network managers of the host were seen to do. With it go the node's own entries for its peers
 * (the kernel's doing), which flannel writes at its start alone.
 */
export function vtepMacChanged(target: Target): Pick<Fault, 'inject' | 'verify' | 'heal'> {
  const seen = new Map<string, { readonly was: string; readonly given: string; readonly has: string }>();
  return {
    inject: async (ctx) => {
      const nodes = await Promise.all(nodesOf(target, ctx.cluster).map(async ({ name }) => {
        const was = await deviceMac(ctx, name);
        if (was === undefined) throw new CannotTellError('FAULT_NO_VICTIM', `${name} has no ${vtepDevice}`);
        return { name, was };
      }));
      const struckAt = new Date();
      await Promise.all(nodes.map(async ({ name, was }) => {
        const given = madeUp();
        const { stdout } = await ctx.docker.exec(name, ['sh', '-c', giveAndLook, 'edgeproof', given], { timeoutMs, signal: ctx.signal });
        seen.set(name, { was, given, has: stdout.trim() });
      }));
      return struckAt;
    },
    verify: async (ctx) => nodesOf(target, ctx.cluster).map(({ name }) => {
      const change = seen.get(name);
      if (change === undefined) throw new CannotTellError('FAULT_NOT_SEEN', `no MAC of ${name} was changed yet`);
      if (change.has !== change.given) throw new CannotTellError('FAULT_NOT_SEEN', `${vtepDevice} of ${name} was given ${change.given} and has ${change.has}`);
      return `${vtepDevice} of ${name} had ${change.was} and has ${change.has}`;
    }).join('; '),
    heal: async (ctx) => {
      await Promise.all(nodesOf(target, ctx.cluster).map(async ({ name }) => {
        const [mac, has] = [macIn(await annotated(ctx, name)), await deviceMac(ctx, name)];
        if (mac === undefined || has === undefined) return; // flannel will make both.
        if (has !== mac) await ctx.docker.exec(name, ['ip', 'link', 'set', 'dev', vtepDevice, 'address', mac], { timeoutMs, signal: ctx.signal });
        if ((await unresolvedGateways(ctx.docker, name, ctx.signal)).length === 0) return;
        await killFlannel(ctx, name);
        await waitFor(`${name} reaching its peers again`, async (signal) => {
          const gateways = await unresolvedGateways(ctx.docker, name, signal);
          return gateways.length === 0 ? { done: undefined } : { missing: `it has no MAC for ${gateways.join(', ')}` };
        }, { timeoutMs: flannelTimeoutMs, everyMs: 500, signal: ctx.signal });
      }));
    },
  };
}
