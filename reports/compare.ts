import { promisesOf, type PromiseReport, type Report } from './model.ts';
import type { Outcome } from './outcome.ts';

/** A promise that came out otherwise in the later run. */
export interface Changed {
  readonly promise: string;
  readonly sentence: string;
  readonly before: Outcome;
  readonly after: Outcome;
  /** In one line, why it did not pass in the later run. */
  readonly reason?: string;
}

/** Something with a budget that took noticeably longer, or less long. Milliseconds. */
export interface Paced {
  readonly promise: string;
  readonly what: string;
  readonly budgetMs: number;
  readonly beforeMs: number;
  readonly afterMs: number;
}

/** What differs between two runs, of what both of them saw to the end. */
export interface Comparison {
  readonly broke: readonly Changed[];
  readonly mended: readonly Changed[];
  /** Kept or broken in one run, and in the other neither: not told, not run, not selected, or of another version of the features. */
  readonly unlike: readonly Changed[];
  readonly slower: readonly Paced[];
  readonly faster: readonly Paced[];
}

/** Below both of these a difference is the machine's: budgets are waited for by looking every quarter of a second or so. */
const noticeableRatio = 1.5;
const noticeableMs = 1000;

export function compareReports(before: Report, after: Report): Comparison {
  const earlier = new Map(promisesOf(before).map((promise) => [promise.promise, promise]));
  const later = new Map(promisesOf(after).map((promise) => [promise.promise, promise]));
  const changed = [...new Set([...earlier.keys(), ...later.keys()])].map((id) => changeOf(earlier.get(id), later.get(id))).filter((one) => one !== undefined);
  const paced = [...later.values()].flatMap((promise) => pacesOf(earlier.get(promise.promise), promise));
  const moved = (ratio: (pace: Paced) => number): Paced[] => paced.filter((pace) => ratio(pace) >= noticeableRatio && Math.abs(pace.afterMs - pace.beforeMs) >= noticeableMs).toSorted((a, b) => ratio(b) - ratio(a));
  return {
    broke: changed.filter((one) => one.before === 'passed' && one.after === 'failed'),
    mended: changed.filter((one) => one.before === 'failed' && one.after === 'passed'),
    unlike: changed.filter(({ before: a, after: b }) => !(isTold(a) && isTold(b))),
    slower: moved(({ beforeMs, afterMs }) => afterMs / Math.max(1, beforeMs)),
    faster: moved(({ beforeMs, afterMs }) => beforeMs / Math.max(1, afterMs)),
  };
}

const isTold = (outcome: Outcome): boolean => outcome === 'passed' || outcome === 'failed';

function changeOf(before: PromiseReport | undefined, after: PromiseReport | undefined): Changed | undefined {
  const known = (after ?? before)!;
  const change = { promise: known.promise, sentence: known.name, before: before?.outcome ?? 'notSelected', after: after?.outcome ?? 'notSelected' } as const;
  if (change.before === change.after) return undefined;
  return { ...change, ...(after?.reason !== undefined && { reason: after.reason }) };
}

/** What is waited for has names in it that differ from run to run, so it is known by its place in the scenario: if that has as many budgets in both runs. */
function pacesOf(before: PromiseReport | undefined, after: PromiseReport): Paced[] {
  if (before?.outcome !== 'passed' || after.outcome !== 'passed') return [];
  const [old, now] = [before, after].map(({ cases }) => cases.flatMap(({ budgets }) => budgets));
  if (old!.length !== now!.length) return [];
  return now!.map(({ what, budgetMs, tookMs }, index) => ({ promise: after.promise, what, budgetMs, beforeMs: old![index]!.tookMs, afterMs: tookMs }));
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

/** For a terminal. */
export function comparisonLines(before: Report, after: Report, { broke, mended, unlike, slower, faster }: Comparison): string[] {
  const changes = (title: string, all: readonly Changed[]): string[] => (all.length === 0 ? [] : ['', `${title}:`, ...all.flatMap((one) => [`  ${one.promise}: ${one.before} → ${one.after}`, `    ${one.sentence}`, ...(one.reason === undefined ? [] : [`    ${one.reason}`])])]);
  const paces = (title: string, all: readonly Paced[]): string[] => (all.length === 0 ? [] : ['', `${title}:`, ...all.map((one) => `  ${one.promise}: ${one.what}: ${seconds(one.beforeMs)} → ${seconds(one.afterMs)} (of ${seconds(one.budgetMs)})`)]);
  const lines = [...changes('Broke', broke), ...changes('Mended', mended), ...changes('Told in one of them only', unlike), ...paces('Slower', slower), ...paces('Faster', faster)];
  return [`before  ${before.run.id}`, `after   ${after.run.id}`, ...(lines.length === 0 ? ['', 'Nothing that both saw came out otherwise, or took noticeably longer or less long.'] : lines)];
}
