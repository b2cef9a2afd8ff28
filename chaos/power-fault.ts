import { type Docker } from '../harness/docker/docker.ts';
import { type Fault } from './fault.ts';
import { type Life, lifeOf, powerOn, verifyNewLife } from './node-power.ts';
import { nodesOf, type Target } from './target.ts';

type PowerOff = (docker: Docker, node: string, signal: AbortSignal) => Promise<unknown>;

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
      await Promise.all(fresh.map((node) => powerOff(ctx.docker, node.name, ctx.signal)));
      await Promise.all(nodes.map((node) => powerOn(ctx, node)));
    },
    verify: async (ctx) => {
      const seen = await Promise.all(nodesOf(target, ctx.cluster).map((node) => verifyNewLife(ctx, node, before.get(node.name))));
      return seen.join('; ');
    },
    heal: async (ctx) => { await Promise.all(nodesOf(target, ctx.cluster).map((node) => powerOn(ctx, node))); },
  };
}
