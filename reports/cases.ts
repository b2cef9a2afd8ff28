import type { Pickle, PickleStepArgument, TestCase, TestCaseStarted, TestStep, TestStepFinished, TestStepStarted } from '@cucumber/messages';
import { caseSlug } from '../features/tags.ts';
import { sortAttachments, type CaseAttachments, type TextReport } from './case-attachments.ts';
import { msOf, type Messages } from './messages.ts';
import { readException, type ErrorReport, type Outcome, type StepStatus } from './outcome.ts';

export interface StepReport {
  readonly kind: 'step' | 'before' | 'after';
  /** `Given`, `And`; of a hook `Before` or `After`. */
  readonly keyword: string;
  readonly text: string;
  readonly status: StepStatus;
  /** Since the start of the case. */
  readonly startMs: number;
  readonly ms: number;
  readonly error?: ErrorReport;
  /** Rows of its data table. */
  readonly table?: readonly (readonly string[])[];
  readonly docString?: string;
  readonly texts: readonly TextReport[];
}

/** One run of a scenario, or of one row of an outline: its last attempt. */
export interface CaseReport extends Omit<CaseAttachments, 'texts'> {
  /** Also the name of its folder in logs/. */
  readonly slug: string;
  readonly name: string;
  readonly uri: string;
  readonly line: number;
  /** How often it was tried: 1 unless Cucumber retried it. */
  readonly attempts: number;
  readonly outcome: Outcome;
  /** In one line, why it did not pass. */
  readonly reason?: string;
  readonly error?: ErrorReport;
  readonly startedAt?: string;
  readonly ms: number;
  readonly steps: readonly StepReport[];
}

/** What became of a pickle; `notRun` when Cucumber planned it and never started it, undefined when it was not planned. */
export function readCase(messages: Messages, pickle: Pickle): CaseReport | undefined {
  const planned = messages.testCases.filter((testCase) => testCase.pickleId === pickle.id);
  if (planned.length === 0) return undefined;
  const attempts = messages.casesStarted.filter(({ testCaseId }) => planned.some(({ id }) => id === testCaseId));
  const last = attempts.toSorted((a, b) => b.attempt - a.attempt)[0];
  const about = { slug: caseSlug(pickle), name: pickle.name, uri: pickle.uri, line: pickle.location?.line ?? 0, attempts: attempts.length };
  const testCase = planned.find(({ id }) => id === last?.testCaseId);
  if (last === undefined || testCase === undefined) {
    return { ...about, outcome: 'notRun', reason: 'The run ended before its turn came.', ms: 0, steps: [], ...sortAttachments([], 0) };
  }
  return { ...about, ...readAttempt(messages, pickle, testCase, last) };
}

function readAttempt(messages: Messages, pickle: Pickle, testCase: TestCase, started: TestCaseStarted) {
  const own = <T extends { testCaseStartedId?: string }>(all: readonly T[]): T[] => all.filter(({ testCaseStartedId }) => testCaseStartedId === started.id);
  const startMs = msOf(started.timestamp);
  const finished = own(messages.casesFinished).at(-1);
  const attachments = own(messages.attachments);
  const stepsStarted = own(messages.stepsStarted);
  const stepsFinished = own(messages.stepsFinished);
  const endMs = finished === undefined ? (messages.lastMs ?? startMs) : msOf(finished.timestamp);
  let stepsSeen = false;
  const steps = testCase.testSteps.flatMap((step): StepReport[] => {
    stepsSeen ||= step.pickleStepId !== undefined;
    const begun = stepsStarted.find(({ testStepId }) => testStepId === step.id);
    const done = stepsFinished.find(({ testStepId }) => testStepId === step.id);
    const words = describeStep(messages, pickle, step, stepsSeen);
    return [{ ...words, ...timesOf(begun, done, startMs, endMs), texts: sortAttachments(attachments.filter(({ testStepId }) => testStepId === step.id), startMs).texts }];
  });
  const { texts: _, ...attached } = sortAttachments(attachments, startMs);
  return {
    startedAt: new Date(startMs).toISOString(), ms: endMs - startMs, steps, ...attached,
    ...outcomeOf(steps, finished !== undefined),
  };
}

function describeStep(messages: Messages, pickle: Pickle, step: TestStep, stepsSeen: boolean): Pick<StepReport, 'kind' | 'keyword' | 'text' | 'table' | 'docString'> {
  if (step.pickleStepId === undefined) {
    const hook = messages.hooks.get(step.hookId ?? '');
    const kind = hook?.type === 'AFTER_TEST_CASE' || (hook?.type === undefined && stepsSeen) ? 'after' : 'before';
    return { kind, keyword: kind === 'after' ? 'After' : 'Before', text: hook?.name ?? 'hook' };
  }
  const pickleStep = pickle.steps.find(({ id }) => id === step.pickleStepId);
  const ast = messages.astSteps.get(pickleStep?.astNodeIds[0] ?? '');
  return { kind: 'step', keyword: ast?.keyword.trim() ?? '', text: pickleStep?.text ?? '', ...argumentOf(pickleStep?.argument) };
}

function argumentOf(argument: PickleStepArgument | undefined): Pick<StepReport, 'table' | 'docString'> {
  if (argument?.dataTable !== undefined) return { table: argument.dataTable.rows.map((row) => row.cells.map(({ value }) => value)) };
  if (argument?.docString !== undefined) return { docString: argument.docString.content };
  return {};
}

function timesOf(begun: TestStepStarted | undefined, done: TestStepFinished | undefined, caseMs: number, endMs: number): Pick<StepReport, 'status' | 'startMs' | 'ms' | 'error'> {
  if (begun === undefined) return { status: 'skipped', startMs: endMs - caseMs, ms: 0 };
  const startMs = msOf(begun.timestamp) - caseMs;
  if (done === undefined) return { status: 'unfinished', startMs, ms: Math.max(0, endMs - caseMs - startMs) };
  const { status, exception, message, duration } = done.testStepResult;
  const error = exception ?? (message === undefined ? undefined : { type: 'Error', message });
  return { status: status.toLowerCase() as StepStatus, startMs, ms: msOf(duration), ...(error === undefined ? {} : { error: readException(error) }) };
}

const oneLine = (text: string): string => text.split('\n', 1)[0] ?? '';

/** The first step that went wrong decides: what came after may be its consequence. */
function outcomeOf(steps: readonly StepReport[], finished: boolean): Pick<CaseReport, 'outcome' | 'reason' | 'error'> {
  const wrong = steps.find(({ status }) => status !== 'passed' && status !== 'skipped');
  const sentence = wrong === undefined ? '' : `${wrong.keyword} ${wrong.text}`;
  switch (wrong?.status) {
    case undefined:
      if (!finished) return { outcome: 'error', reason: 'The run ended in the middle of it.' };
      // With --fail-fast Cucumber skips all of what is left, the hooks too. One that says itself that it cannot run here has begun: a hook was run.
      if (steps.length > 0 && steps.every(({ status }) => status === 'skipped')) return { outcome: 'notRun', reason: 'Another failed before its turn came, and the run was to stop then.' };
      return steps.some(({ status, kind }) => status === 'skipped' && kind === 'step') ? { outcome: 'skipped' } : { outcome: 'passed' };
    case 'failed': {
      const error = wrong?.error ?? { type: 'Error', message: 'no reason was given', causes: [] };
      const reason = oneLine(error.message);
      return error.code === undefined ? { outcome: 'error', reason: `${error.type}: ${reason}`, error } : { outcome: 'failed', reason, error };
    }
    case 'undefined': return { outcome: 'error', reason: `No step definition matches "${sentence}".` };
    case 'ambiguous': return { outcome: 'error', reason: `More than one step definition matches "${sentence}".` };
    case 'pending': return { outcome: 'error', reason: `The step "${sentence}" is pending: it is not written yet.` };
    case 'unfinished': return { outcome: 'error', reason: `The run ended while "${sentence}" was running.` };
    default: return { outcome: 'error', reason: `The step "${sentence}" has no result.` };
  }
}

