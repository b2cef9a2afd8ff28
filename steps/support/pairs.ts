import { allDone } from '../../core/all-done.ts';
import { CannotTellError } from '../../core/errors.ts';
import type { Look } from '../../core/wait.ts';
import { podsOn } from '../../harness/probes/pods-on-node.ts';
import { fetchAllFrom } from '../../harness/probes/traffic.ts';
import { serviceUrlOf, slugOf, urlOf, type App } from './apps.ts';
import type { EdgeWorld } from './world.ts';

export const ways = ['its address', 'its Service', 'its name'] as const;

/** An application that must reach another, and at what. */
export interface Pair {
  readonly from: string;
  readonly to: string;
  readonly at: (typeof ways)[number];
}

export const nameOf = ({ from, to, at }: Pair): string => `${from} → ${to} at ${at}`;

/** By its Service's full name, which is not looked for in other domains first. */
export const nameUrlOf = (world: EdgeWorld, app: App): string => `http://${slugOf(app.name)}.${world.namespace}.svc.cluster.local/`;

function urlAt(world: EdgeWorld, { to, at }: Pair): string {
  const target = world.app(to);
  if (at === 'its address') return urlOf(target);
  return at === 'its Service' ? serviceUrlOf(target) : nameUrlOf(world, target);
}

/** How asking along a pair went: when the right one answered, or why nobody did. */
interface Outcome {
  readonly pair: Pair;
  readonly answeredAt?: number;
  readonly failure?: string;
}

/** Asks along each pair once, all at the same time. */
async function ask(world: EdgeWorld, pairs: readonly Pair[], signal: AbortSignal): Promise<Outcome[]> {
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
  return outcomes.flat();
}

/**
 * Looks whether all of some pairs reach each other, and remembers when each did for the first time. Those that have not yet are asked again and again; when
 * none is left, all are asked once more: what has answered once may be gone again.
 */
export class FirstAnswers {
  readonly #world: EdgeWorld;
  readonly #pairs: readonly Pair[];
  readonly #first = new Map<Pair, number>();

  constructor(world: EdgeWorld, pairs: readonly Pair[]) {
    this.#world = world;
    this.#pairs = pairs;
  }

  async look(signal: AbortSignal): Promise<Look<true>> {
    const waiting = this.#pairs.filter((pair) => !this.#first.has(pair));
    const silent = waiting.length === 0 ? [] : await this.#ask(waiting, signal);
    if (silent.length > 0) return { missing: this.#told(silent) };
    const gone = await this.#ask(this.#pairs, signal);
    return gone.length === 0 ? { done: true } : { missing: this.#told(gone) };
  }

  async #ask(pairs: readonly Pair[], signal: AbortSignal): Promise<Outcome[]> {
    const outcomes = await ask(this.#world, pairs, signal);
    for (const { pair, answeredAt } of outcomes) if (answeredAt !== undefined && !this.#first.has(pair)) this.#first.set(pair, answeredAt);
    return outcomes.filter(({ failure }) => failure !== undefined);
  }

  #told(silent: readonly Outcome[]): string {
    return `${silent.length} of ${this.#pairs.length} are silent: ${silent.map(({ pair, failure }) => `${nameOf(pair)}: ${failure}`).join('; ')}`;
  }

  /** Puts each first answer into the report, with the budget that it had: seconds since a moment, in milliseconds since the epoch. */
  attach(seconds: number, since: number): void {
    for (const [pair, at] of this.#first) this.#world.attachBudget({ what: `${nameOf(pair)}: first answer`, budgetMs: seconds * 1000, tookMs: Math.max(0, at - since) });
  }
}

/** The pairs that a step has told of. @throws CannotTellError `NO_PAIRS` */
export function pairsOf(world: EdgeWorld): readonly Pair[] {
  if (world.pairs.length === 0) throw new CannotTellError('NO_PAIRS', 'no step has said who reaches whom');
  return world.pairs;
}
