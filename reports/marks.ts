import type { CaseReport } from './cases.ts';
import type { PromiseReport, Report } from './model.ts';
import type { Outcome } from './outcome.ts';

/** How a promise is marked for a reader. In mode `control` a scenario that failed as named is `good`. */
export interface Mark {
  readonly kind: 'good' | 'bad' | 'unsure' | 'none';
  /** `passed`, `failed`, `could not tell`, … or, in mode `control`, `as named`, `not as named`. */
  readonly word: string;
  /** In one line, why; in mode `control` always there. */
  readonly sentence?: string;
}

const words: Readonly<Record<Outcome, Pick<Mark, 'kind' | 'word'>>> = {
  passed: { kind: 'good', word: 'passed' },
  failed: { kind: 'bad', word: 'failed' },
  error: { kind: 'unsure', word: 'could not tell' },
  notRun: { kind: 'unsure', word: 'not run' },
  skipped: { kind: 'none', word: 'skipped' },
  notSelected: { kind: 'none', word: 'not selected' },
  notClaimed: { kind: 'none', word: 'not claimed' },
};

export function markOf(report: Report, promise: PromiseReport): Mark {
  const verdict = report.control?.verdicts.find((one) => one.promise === promise.promise);
  if (verdict !== undefined) {
    const control = { asNamed: { kind: 'good', word: 'as named' }, wrong: { kind: 'bad', word: 'not as named' }, cannotTell: { kind: 'unsure', word: 'could not tell' } } as const;
    return { ...control[verdict.result], sentence: verdict.sentence };
  }
  const code = codeOf(promise);
  const sentence = promise.reason === undefined || code === undefined ? promise.reason : `[${code}] ${promise.reason}`;
  return { ...words[promise.outcome], ...(sentence === undefined ? {} : { sentence }) };
}

/** Of one example of a promise: what happened, whatever was expected. */
export const caseMark = (one: CaseReport): Mark => words[one.outcome];

/** The code with which a promise was seen to break. */
export function codeOf(promise: PromiseReport): string | undefined {
  return promise.outcome === 'failed' ? promise.cases.find(({ outcome }) => outcome === 'failed')?.error?.code : undefined;
}

/** What stood out of the nodes when these did not pass, each thing once. */
export const standsOut = (cases: readonly CaseReport[]): string[] => [...new Set(cases.flatMap(({ standings }) => standings.flatMap(({ said }) => said)))];
