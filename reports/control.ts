import type { Scenario } from '../features/catalogue.ts';
import { promisesOf, type PromiseReport, type Report } from './model.ts';
import type { CaseReport } from './cases.ts';

/**
 * Whether a scenario did on plain Kubernetes what its tags say. `wrong`: it did something else, so the scenario or its
 * tag is; `cannotTell`: the harness did not get to see.
 */
export type ControlResult = 'asNamed' | 'wrong' | 'cannotTell';

export interface ControlVerdict {
  readonly promise: string;
  readonly result: ControlResult;
  readonly sentence: string;
}

export interface ControlJudgement {
  readonly verdicts: readonly ControlVerdict[];
  readonly asNamed: number;
  readonly wrong: number;
  readonly cannotTell: number;
}

/**
 * Judges a run on plain Kubernetes: `@baseline` scenarios must pass, each other one must fail with the `PromiseBroken`
 * code that its `@stock:CODE` tag names, every example of an outline too. Anything else is a failure of the control.
 * Scenarios that the run's tags left out are left out.
 */
export function judgeControl(report: Pick<Report, 'capabilities'>, catalogue: readonly Scenario[]): ControlJudgement {
  const byPromise = new Map(promisesOf(report).map((promise) => [promise.promise, promise]));
  const verdicts = catalogue.flatMap((scenario): ControlVerdict[] => {
    const promise = byPromise.get(scenario.promise);
    return promise?.outcome === 'notSelected' ? [] : [judge(scenario, promise)];
  });
  const count = (result: ControlResult): number => verdicts.filter((verdict) => verdict.result === result).length;
  return { verdicts, asNamed: count('asNamed'), wrong: count('wrong'), cannotTell: count('cannotTell') };
}

function judge(scenario: Scenario, promise: PromiseReport | undefined): ControlVerdict {
  const expected = scenario.baseline ? 'It must pass on plain Kubernetes' : `It must fail on plain Kubernetes with ${scenario.stockCode}`;
  if (promise === undefined || promise.cases.length === 0) {
    return { promise: scenario.promise, result: 'cannotTell', sentence: `${expected}, and did not run.` };
  }
  const judged = promise.cases.map((one) => judgeCase(scenario, one));
  const decisive = judged.find(({ result }) => result === 'wrong') ?? judged.find(({ result }) => result === 'cannotTell');
  if (decisive !== undefined) return { promise: scenario.promise, result: decisive.result, sentence: `${expected}, and ${decisive.did.replace(/\.$/, '')}.` };
  return { promise: scenario.promise, result: 'asNamed', sentence: scenario.baseline ? 'It passed, as it must.' : `It failed with ${scenario.stockCode}, as its tag says.` };
}

function judgeCase(scenario: Scenario, one: CaseReport): { result: ControlResult; did: string } {
  const code = one.error?.code;
  switch (one.outcome) {
    case 'passed': return { result: scenario.baseline ? 'asNamed' : 'wrong', did: scenario.baseline ? 'passed' : 'passed: it proves nothing' };
    case 'failed': return { result: !scenario.baseline && code === scenario.stockCode ? 'asNamed' : 'wrong', did: `failed with ${code}: ${one.reason}` };
    case 'skipped': return { result: 'cannotTell', did: 'was skipped' };
    case 'error': return { result: 'cannotTell', did: `could not be told: ${one.reason}` };
    default: return { result: 'cannotTell', did: 'did not run' };
  }
}
