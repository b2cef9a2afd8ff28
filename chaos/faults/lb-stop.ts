import { CannotTellError } from '../../core/errors.ts';
import { killWan, resumeWan, wanRuns } from '../../harness/wan/wan.ts';
import { type Fault } from '../fault.ts';
import { siteOf, type Target } from '../target.ts';
import { connectionsEnd, describeView, dialServices } from '../wan-view.ts';

/** The machine that is the site's WAN and load balancer is gone: its connections end, and nobody answers at its address. */
export function lbStop(target: Target): Pick<Fault, 'inject' | 'verify' | 'heal'> {
  return {
    inject: async ({ docker, cluster }) => await killWan(docker, cluster.name, siteOf(target, cluster)),
    verify: async (ctx) => {
      const site = siteOf(target, ctx.cluster);
      if (await wanRuns(ctx.docker, ctx.cluster.name, site, ctx.signal)) throw new CannotTellError('FAULT_NOT_SEEN', `the load balancer of ${site} runs`);
      const seen = await dialServices(ctx, site);
      // The host says that there is no route to a machine that is gone, which curl calls as it calls an RST; or nobody says anything.
      const others = seen.filter((one) => one.seen !== 'nothing' && one.seen !== 'refused');
      if (others.length > 0) {
        throw new CannotTellError('FAULT_NOT_SEEN', `the load balancer of ${site} is stopped, yet: ${others.map(describeView).join('; ')}`);
      }
      await connectionsEnd(ctx, site);
      return `${[...new Set(seen.map(({ node, detail }) => `${node}: ${detail}`))].join('; ')}; no connection made before is left`;
    },
    heal: async ({ docker, cluster, signal }) => await resumeWan(docker, cluster, siteOf(target, cluster), signal),
  };
}
