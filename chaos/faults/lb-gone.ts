import { CannotTellError } from '../../core/errors.ts';
import { deleteWan, killWan, resumeWan, wanIsThere, wanRuns } from '../../harness/wan/wan.ts';
import { type Fault, type FaultContext } from '../fault.ts';
import { siteOf, type Target } from '../target.ts';
import { connectionsEnd, describeView, dialServices } from '../wan-view.ts';

type Deed = Pick<Fault, 'inject' | 'verify' | 'heal'>;

/** The machine that is the site's WAN and load balancer is gone: its connections end, and nobody answers at its address. */
function lbGone(target: Target, how: { readonly done: string; readonly left: string; inject(ctx: FaultContext, site: string): Promise<Date | void>; isLeft(ctx: FaultContext, site: string): Promise<boolean> }): Deed {
  return {
    inject: async (ctx) => await how.inject(ctx, siteOf(target, ctx.cluster)),
    verify: async (ctx) => {
      const site = siteOf(target, ctx.cluster);
      if (await how.isLeft(ctx, site)) throw new CannotTellError('FAULT_NOT_SEEN', `the load balancer of ${site} ${how.left}`);
      const seen = await dialServices(ctx, site);
      // The host says that there is no route to a machine that is gone, which curl calls as it calls an RST; or nobody says anything.
      const others = seen.filter((one) => one.seen !== 'nothing' && one.seen !== 'refused');
      if (others.length > 0) {
        throw new CannotTellError('FAULT_NOT_SEEN', `the load balancer of ${site} is ${how.done}, yet: ${others.map(describeView).join('; ')}`);
      }
      await connectionsEnd(ctx, site);
      return `${[...new Set(seen.map(({ node, detail }) => `${node}: ${detail}`))].join('; ')}; no connection made before is left`;
    },
    heal: async ({ docker, cluster, signal }) => await resumeWan(docker, cluster, siteOf(target, cluster), signal),
  };
}

/** It is off, and can be started again. */
export const lbStop = (target: Target): Deed => lbGone(target, {
  done: 'stopped',
  left: 'runs',
  inject: async ({ docker, cluster }, site) => await killWan(docker, cluster.name, site),
  isLeft: async ({ docker, cluster, signal }, site) => await wanRuns(docker, cluster.name, site, signal),
});

/** It is deleted with all that it was; another one is made in its place. */
export const lbDelete = (target: Target): Deed => lbGone(target, {
  done: 'deleted',
  left: 'is still there',
  inject: async ({ docker, cluster, signal }, site) => await deleteWan(docker, cluster.name, site, signal),
  isLeft: async ({ docker, cluster, signal }, site) => await wanIsThere(docker, cluster.name, site, signal),
});
