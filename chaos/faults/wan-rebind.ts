import { CannotTellError } from '../../core/errors.ts';
import { waitFor } from '../../core/wait.ts';
import { cloudSideOf, type CloudSide } from '../../harness/probes/cloud-side.ts';
import { swallowConnections, swallowedConnections } from '../../harness/wan/isolation.ts';
import { type Fault, type FaultContext } from '../fault.ts';
import { siteOf, type Target } from '../target.ts';
import { connectionsOf, resetConnections } from '../wan-view.ts';

/**
 * The site comes back at another address, as a mobile link does: its nodes lose the connections that they have to the cloud, and the
 * cloud hears nothing of it. New ones work; the cloud holds the old ones until its own timers end them. Injected again, by a fault made
 * anew, it happens again, and what was swallowed stays so.
 */
export function wanRebind(target: Target): Pick<Fault, 'inject' | 'verify' | 'heal'> {
  let before: { readonly near: ReadonlySet<string>; readonly far: readonly CloudSide[] } | undefined;
  const far = async ({ docker, cluster, signal }: FaultContext): Promise<CloudSide[]> => await cloudSideOf(docker, cluster, siteOf(target, cluster), signal);
  const near = async (ctx: FaultContext): Promise<string[]> => await connectionsOf(ctx, siteOf(target, ctx.cluster));
  const name = ({ node, service, port }: CloudSide): string => `${service} at ${node} from port ${port}`;
  return {
    inject: async (ctx) => {
      const site = siteOf(target, ctx.cluster);
      const swallowed = await swallowedConnections(ctx.docker, ctx.cluster, site, ctx.signal);
      before ??= { near: new Set(await near(ctx)), far: (await far(ctx)).filter(({ port }) => !swallowed.includes(port)) };
      // First: nothing of the reset may reach the cloud.
      await swallowConnections(ctx.docker, ctx.cluster, site, [...new Set([...swallowed, ...before.far.map(({ port }) => port)])], ctx.signal);
      await resetConnections(ctx, site);
    },
    verify: async (ctx) => {
      if (before === undefined) throw new CannotTellError('FAULT_NOT_SEEN', 'nothing was done yet');
      const victims = before;
      if (victims.near.size === 0 || victims.far.length === 0) throw new CannotTellError('FAULT_NO_VICTIM', 'no node of the site had a connection to the cloud');
      await waitFor('the end of the connections at the site', async (signal) => {
        const left = (await near({ ...ctx, signal })).filter((one) => victims.near.has(one));
        return left.length === 0 ? { done: true } : { missing: `still open: ${left.join(', ')} (a kernel without INET_DIAG_DESTROY cannot reset them)` };
      }, { timeoutMs: 5000, everyMs: 100, signal: ctx.signal });
      // A session that was on its way out anyway may end in this very moment; an RST or a FIN that got through would have ended them all.
      const now = new Set((await far(ctx)).map(name));
      const held = victims.far.map(name).filter((one) => now.has(one));
      if (held.length === 0) throw new CannotTellError('FAULT_NOT_SEEN', `the cloud has heard of the end of ${victims.far.map(name).join(', ')}`);
      return `${victims.near.size} connections have ended at the site's nodes, and the cloud still holds ${held.length} of ${victims.far.length}: ${held.join(', ')}`;
    },
    heal: async ({ docker, cluster, signal }) => await swallowConnections(docker, cluster, siteOf(target, cluster), [], signal),
  };
}
