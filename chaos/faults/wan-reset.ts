import { CannotTellError } from '../../core/errors.ts';
import { describeEdgeSide } from '../../harness/probes/edge-side.ts';
import { type Fault, type FaultContext } from '../fault.ts';
import { siteOf, type Target } from '../target.ts';
import { connectionsOf, resetConnections, victimsEnd } from '../wan-view.ts';

/** Every connection that the nodes of a site, and the Pods on them, have to the cloud is reset, once; new ones are made as before. */
export function wanReset(target: Target): Pick<Fault, 'inject' | 'verify' | 'heal'> {
  let before: ReadonlySet<string> | undefined;
  const open = async (ctx: FaultContext): Promise<string[]> => (await connectionsOf(ctx, siteOf(target, ctx.cluster))).map(describeEdgeSide);
  return {
    inject: async (ctx) => {
      before ??= new Set(await open(ctx));
      const struckAt = new Date();
      await resetConnections(ctx, siteOf(target, ctx.cluster));
      return struckAt;
    },
    verify: async (ctx) => {
      if (before === undefined) throw new CannotTellError('FAULT_NOT_SEEN', 'nothing was reset yet');
      const victims = before;
      if (victims.size === 0) throw new CannotTellError('FAULT_NO_VICTIM', 'no node of the site had a connection to the cloud');
      await victimsEnd(ctx, siteOf(target, ctx.cluster), victims);
      return `${victims.size} connections of the site to the cloud have ended: ${[...victims].join(', ')}`;
    },
    // Who was cut off dials again, or does not: that is what is graded.
    heal: async () => {},
  };
}
