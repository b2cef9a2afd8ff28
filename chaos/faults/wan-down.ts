import { CannotTellError } from '../../core/errors.ts';
import { connectWan, setWanOpen, wanRuns } from '../../harness/wan/wan.ts';
import { type Fault, type FaultContext } from '../fault.ts';
import { siteOf, type Target } from '../target.ts';
import { connectionsEnd, describeView, dialServices } from '../wan-view.ts';

/** The site's WAN refuses: every connection over it ends at once, and new ones get an RST. */
export function wanDown(target: Target): Pick<Fault, 'inject' | 'verify' | 'heal'> {
  const setAll = async ({ docker, cluster, signal }: FaultContext, enabled: boolean): Promise<Date> => {
    const wan = await connectWan(docker, cluster.name, siteOf(target, cluster), { signal });
    const struckAt = new Date();
    await setWanOpen(wan, enabled);
    return struckAt;
  };
  return {
    inject: async (ctx) => await setAll(ctx, false),
    verify: async (ctx) => {
      const site = siteOf(target, ctx.cluster);
      const seen = await dialServices(ctx, site);
      const others = seen.filter((one) => one.seen !== 'refused');
      if (others.length > 0) {
        throw new CannotTellError('FAULT_NOT_SEEN', `the WAN of ${site} is down, yet: ${others.map(describeView).join('; ')}`);
      }
      await connectionsEnd(ctx, site);
      return `${[...new Set(seen.map((one) => one.node))].join(', ')}: the API server and the tunnel refuse connections, and none made before is left`;
    },
    heal: async (ctx) => {
      // Of one that was stopped meanwhile (lb-stop) nothing is left to enable: its proxies are made anew, enabled, when it is started.
      if (await wanRuns(ctx.docker, ctx.cluster.name, siteOf(target, ctx.cluster), ctx.signal)) await setAll(ctx, true);
    },
  };
}
