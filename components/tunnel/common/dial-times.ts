import type { Histogram, Registry } from 'prom-client';

interface Tally {
  /** By the bounds, and one for what is beyond the last of them. */
  readonly buckets: number[];
  count: number;
  sum: number;
}

export interface DialTimesOptions {
  readonly help: string;
  /** Upper bounds of the buckets, in seconds, rising. */
  readonly bounds: readonly number[];
}

const name = 'edge_tunnel_dial_seconds';

/**
 * The histogram of dials. prom-client's own makes and hashes a set of labels for each value, which was a tenth of all that an
 * open costs: this one counts, and is made into what prom-client prints when it is asked.
 */
export class DialTimes<Via extends string> {
  readonly name = name;
  readonly #options: DialTimesOptions;
  readonly #tallies = new Map<Via, Tally>();

  /** @param vias '' for a dial that has no label */
  constructor(registry: Registry, vias: readonly Via[], options: DialTimesOptions) {
    this.#options = options;
    for (const via of vias) this.#tallies.set(via, { buckets: new Array<number>(options.bounds.length + 1).fill(0), count: 0, sum: 0 });
    // All that a registry asks of a metric is its name and `get`.
    registry.registerMetric(this as unknown as Histogram);
  }

  observe(via: Via, seconds: number): void {
    const { bounds } = this.#options;
    const tally = this.#tallies.get(via)!;
    let at = 0;
    while (at < bounds.length && seconds > bounds[at]!) at += 1;
    tally.buckets[at]! += 1;
    tally.count += 1;
    tally.sum += seconds;
  }

  count(via: Via): number {
    return this.#tallies.get(via)!.count;
  }

  /** As prom-client's registry wants it. */
  async get(): Promise<object> {
    const { help, bounds } = this.#options;
    const values = [...this.#tallies].filter(([via, { count }]) => via === '' || count > 0).flatMap(([via, { buckets, count, sum }]) => {
      const labels = via === '' ? {} : { via };
      let below = 0;
      return [
        ...bounds.map((le, at) => ({ metricName: `${name}_bucket`, labels: { le, ...labels }, value: (below += buckets[at]!) })),
        { metricName: `${name}_bucket`, labels: { le: '+Inf', ...labels }, value: count },
        { metricName: `${name}_sum`, labels, value: sum },
        { metricName: `${name}_count`, labels, value: count },
      ];
    });
    return { name, help, type: 'histogram', values, aggregator: 'sum' };
  }
}
