import { sentence } from './happening.ts';

/** What a probe saw when it looked once. */
export interface Sample {
  /** Milliseconds since the epoch: when it was done. */
  readonly at: number;
  /** Why it did not find what it should; absent when it did. */
  readonly why?: string;
  /** How long the answer took, in milliseconds. */
  readonly ms?: number;
  /** It waits for something that need not be so yet. */
  readonly waits?: boolean;
}

/** As `samplesSchema` of the report has it. */
export interface SampleLane {
  readonly what: string;
  readonly from: number;
  readonly cells: readonly (readonly [second: number, ok: number, bad: number, slowestMs: number | null, why: number | null])[];
  readonly whys: readonly string[];
  readonly waits?: true;
}

/** A page shows as many lanes as a reader looks at; those that saw something go wrong are kept first, then those that looked longest. */
const mostLanes = 10;
const mostWhys = 30;
/** Ten minutes: whoever looks for longer is told by its end. */
const mostCells = 600;

/**
 * What the probes of a scenario saw, second by second: by what they look for, whatever calls it how often. A few numbers for each second in which somebody looked,
 * so looking ten times a second costs no more than once.
 */
export class Samples {
  readonly #waits = new Set<string>();
  readonly #lanes = new Map<string, Map<number, { ok: number; bad: number; ms: number | null; why: string | null }>>();

  add(what: string, { at, why, ms, waits = false }: Sample): void {
    if (waits) this.#waits.add(what);
    const lane = this.#lanes.get(what) ?? new Map();
    this.#lanes.set(what, lane);
    const second = Math.floor(at / 1000);
    const cell = lane.get(second) ?? { ok: 0, bad: 0, ms: null, why: null };
    if (why === undefined) cell.ok += 1;
    else [cell.bad, cell.why] = [cell.bad + 1, cell.why ?? sentence(why)];
    if (ms !== undefined) cell.ms = Math.max(cell.ms ?? 0, ms);
    lane.set(second, cell);
  }

  /** All that is known of a lane, anew: of somebody who is asked for everything each time. */
  replace(what: string, samples: readonly Sample[]): void {
    this.#lanes.delete(what);
    for (const sample of samples) this.add(what, sample);
  }

  lanes(): SampleLane[] {
    const all = [...this.#lanes].map(([what, seconds]) => ({ what, seconds, bad: [...seconds.values()].some(({ bad }) => bad > 0) }));
    return all.toSorted((a, b) => Number(b.bad) - Number(a.bad) || b.seconds.size - a.seconds.size).slice(0, mostLanes).map(({ what, seconds }) => ({ ...laneOf(what, seconds), ...(this.#waits.has(what) && { waits: true as const }) })).sort((a, b) => a.from - b.from);
  }
}

function laneOf(what: string, seconds: ReadonlyMap<number, { ok: number; bad: number; ms: number | null; why: string | null }>): SampleLane {
  const sorted = [...seconds].sort(([a], [b]) => a - b).slice(-mostCells);
  const first = sorted[0]?.[0] ?? 0;
  const whys = [...new Set(sorted.flatMap(([, { why }]) => (why === null ? [] : [why])))].slice(0, mostWhys - 1);
  const place = (why: string): number => (whys.indexOf(why) === -1 ? whys.push('something else, as it was too often something else') - 1 : whys.indexOf(why));
  return { what: sentence(what), from: first * 1000, cells: sorted.map(([second, { ok, bad, ms, why }]) => [second - first, ok, bad, ms === null ? null : Math.round(ms * 10) / 10, why === null ? null : place(why)] as const), whys };
}
