import type { Pickle } from '@cucumber/messages';
import { capabilities, isCapability, type Capability } from '../core/capabilities.ts';
import type { Scenario } from '../features/catalogue.ts';
import { promiseOfTags, stockCodeOf } from '../features/tags.ts';
import { readCase, type CaseReport } from './cases.ts';
import type { ControlJudgement } from './control.ts';
import { readRunHooks, type RunHookReport } from './run-hooks.ts';
import type { Messages } from './messages.ts';
import { worst, type Outcome } from './outcome.ts';
import type { Run } from './run.ts';
import { countOutcomes, verdictOf, type Counts, type Verdict } from './verdict.ts';

/** A promise and what became of it; of an outline the worst of its examples. */
export interface PromiseReport extends Scenario {
  readonly outcome: Outcome;
  /** In one line, why it did not pass. */
  readonly reason?: string;
  readonly cases: readonly CaseReport[];
}

export interface CapabilityReport {
  readonly capability: Capability;
  readonly claimed: boolean;
  readonly verdict: Verdict;
  readonly counts: Counts;
  readonly promises: readonly PromiseReport[];
}

/** Everything that is known of a run, ready to be told. */
export interface Report {
  readonly run: Run;
  /** The run's folder. */
  readonly dir: string;
  /** In the order of `capabilities`; those without a promise and a claim are left out. */
  readonly capabilities: readonly CapabilityReport[];
  readonly counts: Counts;
  /** Hooks of the whole run (BeforeAll, AfterAll). */
  readonly runHooks: readonly RunHookReport[];
  /** What the report cannot say, or what went wrong outside of scenarios, as sentences. Any makes the run "could not tell". */
  readonly problems: readonly string[];
  /** Files in logs/, relative to the run's folder, with forward slashes. */
  readonly logs: readonly string[];
  /** Only in mode `control`. */
  readonly control?: ControlJudgement;
}

/** Every promise of a report, in its order. */
export const promisesOf = (report: Pick<Report, 'capabilities'>): PromiseReport[] => report.capabilities.flatMap(({ promises }) => promises);

/**
 * Puts together what is known of a run. Nothing is dropped: a promise without a result says why, and a scenario that
 * ran but is in no feature file any more is told by the messages alone.
 */
export function buildModel(dir: string, run: Run, messages: Messages, catalogue: readonly Scenario[], logs: readonly string[]): Report {
  const problems = [...endProblems(run), ...messages.problems];
  const runHooks = readRunHooks(messages);
  for (const hook of runHooks) {
    if (hook.status !== 'passed') problems.push(`${hook.name} did not pass: ${hook.error?.message ?? hook.status}`);
  }
  const scenarios = [...catalogue, ...strangers(messages, catalogue, problems)];
  const ranByPromise = Map.groupBy(messages.pickles, (pickle) => promiseOfTags(pickle.tags.map(({ name }) => name)));
  // Cucumber says which scenarios it selected only once its BeforeAll hooks are done.
  const planned = messages.testCases.length > 0;
  const promises = scenarios.map((scenario): PromiseReport => {
    const cases = (ranByPromise.get(scenario.promise) ?? []).map((pickle) => readCase(messages, pickle)).filter((one) => one !== undefined).map((one) => (run.end === 'interrupted' ? interrupted(one) : one));
    const claimed = isClaimed(run, scenario.capability);
    return { ...scenario, ...outcomeOf(cases, claimed, run.tags !== undefined && planned), cases };
  });
  const reports = capabilities.map((capability): CapabilityReport => {
    const own = promises.filter((promise) => promise.capability === capability);
    const claimed = isClaimed(run, capability);
    const counts = countOutcomes(own.map(({ outcome }) => outcome));
    return { capability, claimed, verdict: verdictOf(claimed, counts), counts, promises: own };
  }).filter(({ capability, promises: own }) => own.length > 0 || run.implementation.claims.includes(capability));
  return { run, dir, capabilities: reports, counts: countOutcomes(promises.map(({ outcome }) => outcome)), runHooks, problems, logs };
}

/** The negative control runs everything: that plain Kubernetes claims little is its point. */
const isClaimed = (run: Run, capability: Capability): boolean => run.mode === 'control' || run.implementation.claims.includes(capability);

function outcomeOf(cases: readonly CaseReport[], claimed: boolean, restricted: boolean): Pick<PromiseReport, 'outcome' | 'reason'> {
  if (!claimed) return { outcome: 'notClaimed' };
  if (cases.length === 0) return restricted ? { outcome: 'notSelected' } : { outcome: 'notRun', reason: 'The run ended before its turn came.' };
  const outcome = worst(cases.map((one) => one.outcome));
  const reason = cases.find((one) => one.outcome === outcome)?.reason;
  return { outcome, ...(reason === undefined ? {} : { reason }) };
}

/** An interrupted run skips what is left: that is no scenario's own choice. */
const interrupted = (one: CaseReport): CaseReport => (one.outcome === 'skipped' ? { ...one, outcome: 'notRun', reason: 'The run was interrupted before its turn came.' } : one);

function endProblems(run: Run): string[] {
  const because = run.failure === undefined ? '' : `: ${run.failure}`;
  switch (run.end) {
    case 'completed': return run.failure === undefined ? [] : [run.failure];
    case 'interrupted': return [`The run was interrupted${because}.`];
    case 'boot-failed': return [`The cluster could not be set up${because}`];
    case 'crashed': return [because === '' ? 'edgeproof ended without a word: it crashed or was killed.' : `edgeproof crashed${because}`];
  }
}

/** Scenarios that were planned and that the catalogue does not know: the features have changed since the run. */
function strangers(messages: Messages, catalogue: readonly Scenario[], problems: string[]): Scenario[] {
  const known = new Set(catalogue.map(({ promise }) => promise));
  const planned = new Set(messages.testCases.map(({ pickleId }) => pickleId));
  const found: Scenario[] = [];
  for (const pickle of messages.pickles.filter(({ id }) => planned.has(id))) {
    const tags = pickle.tags.map(({ name }) => name);
    const promise = promiseOfTags(tags);
    if (promise !== undefined && known.has(promise)) continue;
    const capability = (promise ?? '').split('-')[0] ?? '';
    const where = `${pickle.uri}:${pickle.location?.line ?? 0}`;
    if (promise === undefined || !isCapability(capability)) {
      problems.push(`'${pickle.name}' (${where}) ran but carries no promise's tag, so it counts nowhere.`);
      continue;
    }
    known.add(promise);
    found.push(strangerOf(messages, pickle, promise, capability, tags));
  }
  return found;
}

function strangerOf(messages: Messages, pickle: Pickle, promise: string, capability: Capability, tags: readonly string[]): Scenario {
  const stockCode = stockCodeOf(tags);
  return {
    promise, capability, feature: messages.featureNames.get(pickle.uri) ?? '', name: pickle.name, uri: pickle.uri, line: pickle.location?.line ?? 0,
    tags, baseline: tags.includes('@baseline'), ...(stockCode === undefined ? {} : { stockCode }),
    why: 'The features no longer say: this promise was in them when the run was made.', origin: '', examples: 1,
  };
}
