import { CannotTellError } from '../../core/errors.ts';
import { cloudSideOf, type CloudSide } from '../../harness/probes/cloud-side.ts';
import { describeEdgeSide } from '../../harness/probes/edge-side.ts';
import { swallowConnections, swallowedConnections } from '../../harness/wan/isolation.ts';
import type { WanConnection } from '../../harness/wan/ruleset.ts';
import { cloudServices } from '../../harness/wan/services.ts';
import { type Fault, type FaultContext } from '../fault.ts';
import { siteOf, type Target } from '../target.ts';
import { connectionsOf, resetConnections, victimsEnd } from '../wan-view.ts';

interface Victims {
  readonly near: ReadonlySet<string>;
  readonly far: readonly CloudSide[];
}

/**
 * The site comes back at another address, as a mobile link does: its nodes and the Pods on them lose the connections that they have to
 * the cloud, and the cloud hears nothing of it. New ones work; the cloud holds the old ones until its own timers end them. Injected
 * again, by a fault made anew, it happens again, and what was swallowed stays so.
 */
export function wanRebind(target: Target): Pick<Fault, 'inject' | 'verify' | 'heal'> {
  let before: Victims | undefined;
  const far = async ({ docker, cluster, signal }: FaultContext, states?: readonly string[]): Promise<CloudSide[]> => await cloudSideOf(docker, cluster, siteOf(target, cluster), signal, states);
  return {
    inject: async (ctx) => {
      const site = siteOf(target, ctx.cluster);
      const swallowed = await swallowedConnections(ctx.docker, ctx.cluster, site, ctx.signal);
      before ??= {
        near: new Set((await connectionsOf(ctx, site)).map(describeEdgeSide)),
        far: (await far(ctx)).filter((one) => !swallowed.some((old) => isSame(old, overWan(one)))),
      };
      const wanted = [...swallowed, ...before.far.map(overWan).filter((one) => !swallowed.some((old) => isSame(old, one)))];
      const struckAt = new Date();
      // First: nothing of the reset may reach the cloud.
      await swallowConnections(ctx.docker, ctx.cluster, site, wanted, ctx.signal);
      await resetConnections(ctx, site);
      return struckAt;
    },
    verify: async (ctx) => {
      if (before === undefined) throw new CannotTellError('FAULT_NOT_SEEN', 'nothing was done yet');
      if (before.near.size === 0 || before.far.length === 0) throw new CannotTellError('FAULT_NO_VICTIM', 'no node of the site had a connection to the cloud');
      await victimsEnd(ctx, siteOf(target, ctx.cluster), before.near);
      const held = stillHeld(before.far, await far(ctx, unheard));
      return `${before.near.size} connections have ended at the site's nodes, and the cloud still holds ${held.length} of ${before.far.length}: ${held.join(', ')}`;
    },
    heal: async ({ docker, cluster, signal }) => await swallowConnections(docker, cluster, siteOf(target, cluster), [], signal),
  };
}

/** What the cloud has ended by itself, as a newer connection of the same node has come already, it has heard no end of. */
const unheard = ['established', 'fin-wait-1'];

const overWan = ({ port, address, service }: CloudSide): WanConnection => ({ port, address, servicePort: cloudServices.find(({ name }) => name === service)!.port });
const isSame = (one: WanConnection, other: WanConnection): boolean => one.port === other.port && one.address === other.address && one.servicePort === other.servicePort;
const nameOf = ({ node, service, port }: CloudSide): string => `${service} at ${node} from port ${port}`;

/**
 * A connection that was on its way out anyway may end in this very moment; an RST or a FIN that got through would have ended all of its
 * service: each service that had some must hold some.
 */
function stillHeld(victims: readonly CloudSide[], now: readonly CloudSide[]): string[] {
  const open = new Set(now.map(nameOf));
  const held = victims.filter((one) => open.has(nameOf(one)));
  for (const { name } of cloudServices) {
    const had = victims.filter(({ service }) => service === name);
    if (had.length > 0 && !held.some(({ service }) => service === name)) throw new CannotTellError('FAULT_NOT_SEEN', `the cloud has heard of the end of ${had.map(nameOf).join(', ')}`);
  }
  return held.map(nameOf);
}
