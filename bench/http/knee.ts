/** What came of one rate, held for a while. */
export interface Step {
  /** Requests a second that were asked for, and that were sent. */
  readonly rate: number;
  readonly sent: number;
  /** Of those that were sent, the share that was answered with 200. */
  readonly success: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly errors: readonly string[];
}

export interface Limits {
  /** Milliseconds. */
  readonly p99Ms: number;
  readonly success: number;
  /** The share of the requests that were asked for that must have been sent. */
  readonly sent: number;
}

export interface Found {
  /** Requests a second. */
  readonly knee: number;
  readonly steps: readonly Step[];
  /** The step in which the generator did not keep up. */
  readonly dropped?: Step;
}

const limits: Limits = { p99Ms: 250, success: 1, sent: 0.98 };

/** Why a step is past the knee, or undefined. */
export function broken({ success, p99 }: Step, limit = limits): string | undefined {
  if (success < limit.success) return `${((1 - success) * 100).toFixed(1)} % failed`;
  return p99 > limit.p99Ms ? `p99 ${p99.toFixed(0)} ms` : undefined;
}

/**
 * Doubles the rate until a step breaks, then halves the gap: the highest rate that held.
 *
 * @param attempt holds a rate for a while
 * @returns `dropped` when the generator sent less than it was asked although all that it had sent was answered in time: then it is
 *   the generator's own limit, and the knee of who carried it is not below the last rate that held
 */
export async function findKnee(attempt: (rate: number) => Promise<Step>, { first, most, halvings }: { readonly first: number; readonly most: number; readonly halvings: number }, limit = limits): Promise<Found> {
  const steps: Step[] = [];
  let dropped: Step | undefined;
  const holds = async (rate: number): Promise<boolean> => {
    const step = await attempt(rate);
    steps.push(step);
    if (broken(step, limit) !== undefined) return false;
    if (step.sent < limit.sent * rate) dropped = step;
    return true;
  };
  let knee = 0;
  let rate = first;
  while (rate <= most && (await holds(rate))) {
    if (dropped !== undefined) return { knee, steps, dropped };
    knee = rate;
    rate *= 2;
  }
  if (rate > most) return { knee, steps };
  let above = rate;
  for (let turn = 0; turn < halvings && above - knee > 1; turn++) {
    const between = Math.round((knee + above) / 2);
    const held = await holds(between);
    if (dropped !== undefined) return { knee, steps, dropped };
    if (held) knee = between;
    else above = between;
  }
  return { knee, steps };
}
