import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type {
  Attachment, Duration, Envelope, Feature, GherkinDocument, Hook, Pickle, Step, TestCase, TestCaseFinished, TestCaseStarted, TestRunFinished,
  TestRunHookFinished, TestRunHookStarted, TestStepFinished, TestStepStarted, Timestamp,
} from '@cucumber/messages';
import { readException } from './outcome.ts';

/** What Cucumber said of a run, by kind and in order. Ends early when the run did. */
export interface Messages {
  readonly pickles: readonly Pickle[];
  /** Steps of the feature files by their ids: a pickle's step has no keyword of its own. */
  readonly astSteps: ReadonlyMap<string, Step>;
  readonly featureNames: ReadonlyMap<string, string>;
  readonly hooks: ReadonlyMap<string, Hook>;
  readonly testCases: readonly TestCase[];
  readonly casesStarted: readonly TestCaseStarted[];
  readonly casesFinished: readonly TestCaseFinished[];
  readonly stepsStarted: readonly TestStepStarted[];
  readonly stepsFinished: readonly TestStepFinished[];
  readonly attachments: readonly Attachment[];
  readonly runHooksStarted: readonly TestRunHookStarted[];
  readonly runHooksFinished: readonly TestRunHookFinished[];
  readonly runFinished?: TestRunFinished;
  /** Time of the last message that has one, in ms since the epoch. */
  readonly lastMs?: number;
  /** What is wrong with the file itself, as sentences. */
  readonly problems: readonly string[];
}

export const msOf = (time: Timestamp | Duration): number => time.seconds * 1000 + time.nanos / 1e6;

/** Reads `messages.ndjson`. What cannot be read is told in `problems`; it never throws for what the file holds. */
export async function readMessages(path: string): Promise<Messages> {
  const envelopes: Envelope[] = [];
  const problems: string[] = [];
  const broken: number[] = [];
  let line = 0;
  try {
    for await (const text of createInterface({ input: createReadStream(path, 'utf8'), crlfDelay: Infinity })) {
      line += 1;
      if (text.trim() === '') continue;
      const envelope = envelopeOf(text);
      if (envelope === undefined) broken.push(line);
      else envelopes.push(envelope);
    }
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    problems.push(missing ? 'There is no messages.ndjson: Cucumber was never started.' : `messages.ndjson cannot be read: ${(error as Error).message}`);
  }
  if (line === 0 && problems.length === 0) problems.push('messages.ndjson is empty: the run ended before Cucumber said anything.');
  if (broken.length > 0) {
    const cut = broken.length === 1 && broken[0] === line;
    problems.push(cut ? `messages.ndjson is cut off in line ${line}: the run was ended from outside, or the disk is full.`
      : `messages.ndjson has ${broken.length} damaged lines (first: ${broken[0]}); what they said is missing here.`);
  }
  return collect(envelopes, problems);
}

function envelopeOf(line: string): Envelope | undefined {
  try {
    const json: unknown = JSON.parse(line);
    return typeof json === 'object' && json !== null && !Array.isArray(json) ? (json as Envelope) : undefined;
  } catch {
    return undefined;
  }
}

function collect(envelopes: readonly Envelope[], problems: string[]): Messages {
  const pick = <K extends keyof Envelope>(key: K): NonNullable<Envelope[K]>[] =>
    envelopes.map((envelope) => envelope[key]).filter((value) => value !== undefined);
  const documents = pick('gherkinDocument');
  const runFinished = pick('testRunFinished').at(-1);
  for (const { source, message } of pick('parseError')) problems.push(`${source.uri ?? 'a feature file'} could not be parsed: ${message}`);
  if (envelopes.length > 0 && runFinished === undefined && problems.length === 0) {
    problems.push('Cucumber did not get to the end of its run.');
  }
  if (runFinished?.exception !== undefined) {
    // Of a worker that died, only the causes say why.
    const { message, type, causes } = readException(runFinished.exception);
    problems.push(`Cucumber itself failed: ${message || type}${causes.map((cause) => `\n  because: ${cause}`).join('')}`);
  }
  const lastMs = envelopes.reduce((last, envelope) => Math.max(last, timeOf(envelope)), -Infinity);
  return {
    pickles: pick('pickle'), hooks: new Map(pick('hook').map((hook) => [hook.id, hook])), testCases: pick('testCase'),
    astSteps: new Map(documents.flatMap(stepsOf).map((step) => [step.id, step])),
    featureNames: new Map(documents.map((document) => [document.uri ?? '', document.feature?.name ?? ''])),
    casesStarted: pick('testCaseStarted'), casesFinished: pick('testCaseFinished'),
    stepsStarted: pick('testStepStarted'), stepsFinished: pick('testStepFinished'), attachments: pick('attachment'),
    runHooksStarted: pick('testRunHookStarted'), runHooksFinished: pick('testRunHookFinished'),
    ...(runFinished === undefined ? {} : { runFinished }), ...(Number.isFinite(lastMs) ? { lastMs } : {}), problems,
  };
}

function timeOf(envelope: Envelope): number {
  for (const value of Object.values(envelope) as { timestamp?: Timestamp }[]) {
    if (value.timestamp !== undefined) return msOf(value.timestamp);
  }
  return -Infinity;
}

function stepsOf(document: GherkinDocument): Step[] {
  const children: Feature['children'] = document.feature?.children ?? [];
  return children.flatMap((child) => [child, ...(child.rule?.children ?? [])])
    .flatMap((child) => [...(child.background?.steps ?? []), ...(child.scenario?.steps ?? [])]);
}
