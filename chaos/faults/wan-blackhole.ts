import { CannotTellError } from '../../core/errors.ts';
import { setBlackhole } from '../../harness/wan/isolation.ts';
import { type Fault } from '../fault.ts';
import { siteOf, type Target } from '../target.ts';
import { describeView, dialServices, connectionsOf } from '../wan-view.ts';

/** The site's WAN swallows every packet, SYNs too. Nobody is told: connections hang until somebody's timer ends them. */
export function wanBlackhole(target: Target): Pick<Fault, 'inject' | 'verify' | 'heal'> {
  return {
    inject: ({ docker, cluster, signal }) => setBlackhole(docker, cluster, siteOf(target, cluster), true, signal),
    verify: async (ctx) => {
      const site = siteOf(target, ctx.cluster);
      const [seen, open] = await Promise.all([dialServices(ctx, site), connectionsOf(ctx, site)]);
      const others = seen.filter((one) => one.seen !== 'nothing');
      if (others.length > 0) {
        throw new CannotTellError('FAULT_NOT_SEEN', `the WAN of ${site} is a black hole, yet: ${others.map(describeView).join('; ')}`);
      }
      return `${[...new Set(seen.map((one) => one.node))].join(', ')}: no answer to a SYN for the API server or the tunnel in 2 s, and no RST; ${open.length} earlier connections are still open and hang`;
    },
    heal: ({ docker, cluster, signal }) => setBlackhole(docker, cluster, siteOf(target, cluster), false, signal),
  };
}
