import { allDone } from '../core/all-done.ts';
import { type Docker } from '../harness/docker/docker.ts';
import { type Fault } from './fault.ts';
import { type Life, lifeOf, powerOn, verifyNewLife } from './node-power.ts';
import { nodesOf, type Target } from './target.ts';

/** Has a deadline of its own and hears no abort: the engine goes on stopping a node although who asked for it has gone. */
type PowerOff = (docker: Docker, node: string) => Promise<unknown>;

/** A fault that turns nodes off and on again. They all are off before the first one is started. */
export function powerFault(target: Target, powerOff: PowerOff): Pick<Fault, 'inject' | 'verify' | 'heal'> {
  const before = new Map<string, Life>();
  return {
    inject: async (ctx) => {
      const nodes = nodesOf(target, ctx.cluster);
      const fresh = nodes.filter((node) => !before.has(node.name));
      for (const [index, life] of (await Promise.all(fresh.map((node) => lifeOf(ctx, node.name)))).entries()) {
        before.set(fresh[index]?.name ?? '', life);
      }
      ctx.signal.throwIfAborted();
      // All to their end, also when one fails: healing passes over a node that still runs.
      await allDone(fresh.map((node) => powerOff(ctx.docker, node.name)));
      await allDone(nodes.map((node) => powerOn(ctx, node)));
    },
    verify: async (ctx) => {
      const seen = await Promise.all(nodesOf(target, ctx.cluster).map((node) => verifyNewLife(ctx, node, before.get(node.name))));
      return seen.join('; ');
    },
    heal: async (ctx) => { await allDone(nodesOf(target, ctx.cluster).map((node) => powerOn(ctx, node))); },
  };
}
