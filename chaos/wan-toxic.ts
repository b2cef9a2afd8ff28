import { isDeepStrictEqual } from 'node:util';
import { allDone } from '../core/all-done.ts';
import { CannotTellError } from '../core/errors.ts';
import { cloudServices } from '../harness/wan/services.ts';
import type { ToxicSpec } from '../harness/wan/toxiproxy.ts';
import { connectWan, wanRuns } from '../harness/wan/wan.ts';
import { type Fault, type FaultContext } from './fault.ts';
import { siteOf, type Target } from './target.ts';

/** Of both directions of a link, beside those of the site's own profile, which have other names. */
export const toxicsOf = (type: ToxicSpec['type'], attributes: ToxicSpec['attributes']): ToxicSpec[] =>
  (['upstream', 'downstream'] as const).map((stream) => ({ name: `fault-${type}-${stream}`, type, stream, attributes }));

/**
 * Toxics on every service of a site's WAN, until they are healed.
 *
 * @param look from inside each node of the site: gives what was seen; throws CannotTellError `FAULT_NOT_SEEN`
 */
export function wanToxic(target: Target, toxics: readonly ToxicSpec[], look: (ctx: FaultContext, site: string) => Promise<string>): Pick<Fault, 'inject' | 'verify' | 'heal'> {
  const connect = async ({ docker, cluster, signal }: FaultContext): ReturnType<typeof connectWan> => await connectWan(docker, cluster.name, siteOf(target, cluster), { signal });
  return {
    inject: async (ctx) => {
      const wan = await connect(ctx);
      const struckAt = new Date();
      await allDone(cloudServices.map(async ({ name }) => { for (const toxic of toxics) await wan.ensureToxic(name, toxic); }));
      return struckAt;
    },
    verify: async (ctx) => {
      // A node looks through one service; of the others the WAN says that it is the same.
      const wan = await connect(ctx);
      for (const { name } of cloudServices) {
        const there = await wan.toxics(name);
        const missing = toxics.filter((toxic) => !there.some((one) => one.name === toxic.name && isDeepStrictEqual(one.attributes, toxic.attributes))).map((toxic) => toxic.name);
        if (missing.length > 0) throw new CannotTellError('FAULT_NOT_SEEN', `the WAN of ${siteOf(target, ctx.cluster)} has no ${missing.join(', ')} as asked for ${name}`);
      }
      return await look(ctx, siteOf(target, ctx.cluster));
    },
    heal: async (ctx) => {
      // One that was stopped meanwhile (lb-stop) has forgotten them, and gets those of its profile alone when it is started.
      if (!(await wanRuns(ctx.docker, ctx.cluster.name, siteOf(target, ctx.cluster), ctx.signal))) return;
      const wan = await connect(ctx);
      await allDone(cloudServices.map(async ({ name }) => { for (const toxic of toxics) await wan.removeToxic(name, toxic.name); }));
    },
  };
}
