import type { Look } from '../../core/wait.ts';

/** An application that must reach another, and at what. */
export interface Pair {
  readonly from: string;
  readonly to: string;
  readonly at: 'its address' | 'its Service' | 'its name';
}

export const nameOf = ({ from, to, at }: Pair): string => `${from} → ${to} at ${at}`;

/** How asking along a pair went: when the right one answered, in milliseconds since the epoch, or why nobody did. */
export type Outcome = { readonly pair: Pair } & ({ readonly answeredAt: number } | { readonly failure: string });

type Failed = Extract<Outcome, { failure: string }>;

/**
 * Looks whether all of some pairs reach each other, and remembers when each did for the first time. Those that have not yet are asked again and again; when
 * none is left, all are asked once more: what has answered once may be gone again.
 */
export class FirstAnswers {
  readonly #pairs: readonly Pair[];
  readonly #ask: (pairs: readonly Pair[], signal: AbortSignal) => Promise<readonly Outcome[]>;
  readonly #first = new Map<Pair, number>();

  /** @param ask once along each pair */
  constructor(pairs: readonly Pair[], ask: (pairs: readonly Pair[], signal: AbortSignal) => Promise<readonly Outcome[]>) {
    this.#pairs = pairs;
    this.#ask = ask;
  }

  /** Whatever `ask` throws. */
  async look(signal: AbortSignal): Promise<Look<true>> {
    const waiting = this.#pairs.filter((pair) => !this.#first.has(pair));
    const silent = waiting.length === 0 ? [] : await this.#failures(waiting, signal);
    if (silent.length > 0) return { missing: this.#told(silent) };
    const gone = await this.#failures(this.#pairs, signal);
    return gone.length === 0 ? { done: true } : { missing: this.#told(gone) };
  }

  /** When each pair that has answered did so first, in milliseconds since the epoch. */
  get times(): ReadonlyMap<Pair, number> {
    return this.#first;
  }

  async #failures(pairs: readonly Pair[], signal: AbortSignal): Promise<Failed[]> {
    const outcomes = await this.#ask(pairs, signal);
    for (const outcome of outcomes) if ('answeredAt' in outcome && !this.#first.has(outcome.pair)) this.#first.set(outcome.pair, outcome.answeredAt);
    return outcomes.filter((outcome) => 'failure' in outcome);
  }

  #told(silent: readonly Failed[]): string {
    return `${silent.length} of ${this.#pairs.length} are silent: ${silent.map(({ pair, failure }) => `${nameOf(pair)}: ${failure}`).join('; ')}`;
  }
}
