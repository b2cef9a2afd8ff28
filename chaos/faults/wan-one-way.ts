import { CannotTellError } from '../../core/errors.ts';
import { waitFor } from '../../core/wait.ts';
import { nodesOfSite, type NodeState } from '../../harness/cluster/state.ts';
import { wanAddress } from '../../harness/wan/isolation.ts';
import { countOneWay, legKey, legsOf, setOneWay, type LostWay, type OneWayCount } from '../../harness/wan/one-way.ts';
import { type Fault, type FaultContext } from '../fault.ts';
import { siteOf, type Target } from '../target.ts';
import { describeView, dialServices } from '../wan-view.ts';

type Deed = Pick<Fault, 'inject' | 'verify' | 'heal'>;

/**
 * Toxiproxy asks after a peer that is silent for 15 s (Go's keepalive), and what is not acknowledged is sent again sooner: by then
 * something has come over connections made before.
 */
const otherWayTimeoutMs = 30_000;

/** What shows that the other way is open: a leg of the link, and packets that were met there. */
interface OtherWay {
  readonly what: string;
  packets(count: OneWayCount): number;
}

/**
 * One way of the site's WAN loses everything, the other passes. No dial gets an answer, as in a black hole; what tells it from one is
 * what is met on the Docker host.
 *
 * @param said what of each handshake is lost
 * @param otherWay what else must be met
 */
function lostWay(target: Target, way: LostWay, said: string, otherWay: (ctx: FaultContext, site: string) => OtherWay[]): Deed {
  const set = async ({ docker, cluster, signal }: FaultContext, on: boolean): Promise<void> => await setOneWay(docker, cluster, siteOf(target, cluster), way, on, signal);
  const count = async ({ docker, cluster, signal }: FaultContext): Promise<OneWayCount> => await countOneWay(docker, cluster, siteOf(target, cluster), way, signal);
  return {
    inject: async (ctx) => await set(ctx, true),
    verify: async (ctx) => {
      const site = siteOf(target, ctx.cluster);
      const wan = wanAddress(ctx.cluster, site);
      const handshakesOf = ({ handshakes }: OneWayCount, { address }: NodeState): number => handshakes.get(legKey(way === 'mute' ? [address, wan] : [wan, address])) ?? 0;
      const before = await count(ctx);
      const seen = await dialServices(ctx, site);
      const others = seen.filter((one) => one.seen !== 'nothing');
      if (others.length > 0) throw new CannotTellError('FAULT_NOT_SEEN', `the WAN of ${site} is ${way}, yet: ${others.map(describeView).join('; ')}`);
      const after = await count(ctx);
      const syns = nodesOfSite(ctx.cluster, site).map((node) => ({ node: node.name, packets: handshakesOf(after, node) - handshakesOf(before, node) }));
      const unmet = syns.filter(({ packets }) => packets <= 0).map(({ node }) => node);
      if (unmet.length > 0) throw new CannotTellError('FAULT_NOT_SEEN', `the WAN of ${site} is ${way}, yet it lost none of the ${said} ${unmet.join(', ')}: they are lost elsewhere`);
      const ways = otherWay(ctx, site);
      const passed = await waitFor(`packets on the other way of the WAN of ${site}`, async (signal) => {
        const now = await count({ ...ctx, signal });
        const missing = ways.filter((one) => one.packets(now) <= 0).map((one) => one.what);
        return missing.length > 0 ? { missing: `none ${missing.join(', none ')}` } : { done: ways.map((one) => `${one.packets(now)} ${one.what}`) };
      }, { timeoutMs: otherWayTimeoutMs, everyMs: 500, signal: ctx.signal });
      return `${syns.map(({ node }) => node).join(', ')}: no answer to a SYN for the API server or the tunnel in 2 s, and no RST; ${syns.map(({ node, packets }) => `${packets} ${said} ${node}`).join(', ')} were lost; since it began: ${passed.join(', ')}`;
    },
    heal: async (ctx) => await set(ctx, false),
  };
}

/** Nothing gets from the site to the cloud; what the cloud sends over connections made before arrives, and is sent again and again, for nobody acknowledges it. */
export const wanMute = (target: Target): Deed => lostWay(target, 'mute', 'SYNs of',
  ({ cluster }, site) => nodesOfSite(cluster, site).map(({ name, address }): OtherWay => ({ what: `packets that went from the WAN to ${name}`, packets: ({ passed }) => passed.get(legKey([wanAddress(cluster, site), address])) ?? 0 })));

/** Nothing gets from the cloud to the site; what the site sends arrives and is done, and it never hears of it. */
export const wanDeaf = (target: Target): Deed => lostWay(target, 'deaf', 'answers to SYNs of',
  ({ cluster }, site) => {
    const wan = wanAddress(cluster, site);
    const fromCloud = legsOf(cluster, site).toSite.filter(([, to]) => to === wan);
    return [{ what: 'packets by which the cloud answers what it hears of the site', packets: ({ lost }) => fromCloud.reduce((sum, leg) => sum + (lost.get(legKey(leg)) ?? 0), 0) }];
  });
