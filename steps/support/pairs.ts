import { allDone } from '../../core/all-done.ts';
import { CannotTellError } from '../../core/errors.ts';
import { podsOn } from '../../harness/probes/pods-on-node.ts';
import { fetchAllFrom } from '../../harness/probes/traffic.ts';
import { serviceUrlOf, slugOf, urlOf, type App } from './apps.ts';
import { nameOf, type Outcome, type Pair } from './first-answers.ts';
import type { EdgeWorld } from './world.ts';

/** By its Service's full name, which is not looked for in other domains first. */
export const nameUrlOf = (world: EdgeWorld, app: App): string => `http://${slugOf(app.name)}.${world.namespace}.svc.cluster.local/`;

function urlAt(world: EdgeWorld, { to, at }: Pair): string {
  const target = world.app(to);
  if (at === 'its address') return urlOf(target);
  return at === 'its Service' ? serviceUrlOf(target) : nameUrlOf(world, target);
}

/** Asks along each pair once, all at the same time. */
export async function ask(world: EdgeWorld, pairs: readonly Pair[], signal: AbortSignal): Promise<Outcome[]> {
  const nodes = [...new Set(pairs.map(({ from }) => world.app(from).node))];
  const pods = (await allDone(nodes.map(async (node) => await podsOn(world.docker, node, signal)))).flat();
  const bySource = [...Map.groupBy(pairs, ({ from }) => from)];
  const outcomes = await allDone(bySource.map(async ([from, own]) => {
    const source = world.app(from);
    const urls = own.map((pair) => urlAt(world, pair));
    const replies = await fetchAllFrom(world.docker, pods.find(({ uid }) => uid === source.uid), urls, signal);
    return replies.map((reply, index): Outcome => {
      const pair = own[index]!;
      if ('failure' in reply) return { pair, failure: reply.failure };
      return reply.answer.uid === world.app(pair.to).uid ? { pair, answeredAt: reply.at } : { pair, failure: `${reply.answer.name} answered at ${urls[index]}` };
    });
  }));
  // A line for each that asks: one for each pair is more than anybody looks at.
  for (const outcome of outcomes.flat()) world.samples.add(`${outcome.pair.from} reaching others`, 'failure' in outcome ? { at: Date.now(), why: `${nameOf(outcome.pair)}: ${outcome.failure}` } : { at: outcome.answeredAt });
  return outcomes.flat();
}

/** The pairs that a step has told of. @throws CannotTellError `NO_PAIRS` */
export function pairsOf(world: EdgeWorld): readonly Pair[] {
  if (world.pairs.length === 0) throw new CannotTellError('NO_PAIRS', 'no step has said who reaches whom');
  return world.pairs;
}
