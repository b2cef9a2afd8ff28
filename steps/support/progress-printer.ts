import type { Envelope, Pickle, TestCase, TestStepFinished } from '@cucumber/messages';
import { capabilities } from '../../core/capabilities.ts';
import { formatDuration } from '../../core/duration.ts';
import { printable } from '../../core/printable.ts';
import { failedAsNamed, promiseOfTags, stockCodeOf } from '../../features/tags.ts';
import { timeLeftMs, type EarlierTimes } from './time-left.ts';

export interface ProgressOutput {
  readonly write: (text: string) => void;
  /** A terminal that can overwrite its last line; its width in columns. Otherwise only whole lines are written. */
  readonly terminalColumns?: number;
  /** A negative control: a scenario that fails with the code that its tag names is what is wanted. */
  readonly control?: boolean;
  /** How long promises took before. With it, it is told how long is left. */
  readonly earlier?: EarlierTimes;
  /** Milliseconds since the epoch. Default: the clock. */
  readonly now?: () => number;
}

interface Running {
  readonly pickle: Pickle;
  readonly testCase: TestCase;
  readonly startedAt: number;
  readonly reasons: string[];
  verdict: '✓' | '✗' | '?' | '-';
  step: string;
}

const reset = '\r\u001b[K';
/** Lines of a reason that are shown; the report has the rest. */
const reasonLines = 4;

/** Tells a run as it goes: one line for each scenario, under it why it failed, and on a terminal what runs now. */
export class ProgressPrinter {
  readonly #output: ProgressOutput;
  readonly #pickles = new Map<string, Pickle>();
  readonly #testCases = new Map<string, TestCase>();
  readonly #running = new Map<string, Running>();
  readonly #over = new Set<string>();
  #done = 0;
  #beganAt: number | undefined;

  constructor(output: ProgressOutput) {
    this.#output = output;
  }

  get #now(): number {
    return this.#output.now?.() ?? Date.now();
  }

  /** Takes the next of Cucumber's messages. */
  message(envelope: Envelope): void {
    if (envelope.pickle) this.#pickles.set(envelope.pickle.id, envelope.pickle);
    if (envelope.testCase) this.#testCases.set(envelope.testCase.id, envelope.testCase);
    if (envelope.testCaseStarted) this.#started(envelope.testCaseStarted.id, envelope.testCaseStarted.testCaseId);
    if (envelope.testStepStarted) this.#stepStarted(envelope.testStepStarted.testCaseStartedId, envelope.testStepStarted.testStepId);
    if (envelope.testStepFinished) this.#stepFinished(envelope.testStepFinished);
    if (envelope.testCaseFinished) this.#finished(envelope.testCaseFinished.testCaseStartedId);
  }

  /** Writes again what runs now, with its time: to be called every second on a terminal. */
  tick(): void {
    const columns = this.#output.terminalColumns;
    if (columns === undefined) return;
    const [first, ...others] = this.#running.values();
    if (first === undefined) return;
    const beside = others.length === 0 ? '' : `${others.length} more and `;
    const line = `${this.#count(this.#done + 1)}${this.#left()} … ${beside}${label(first.pickle)}: ${first.step} (${formatDuration(this.#now - first.startedAt, 's')})`;
    this.#output.write(`${reset}${line.length < columns ? line : `${line.slice(0, columns - 2)}…`}`);
  }

  #started(id: string, testCaseId: string): void {
    const testCase = this.#testCases.get(testCaseId);
    const pickle = testCase && this.#pickles.get(testCase.pickleId);
    if (testCase === undefined || pickle === undefined) return;
    this.#beganAt ??= this.#now;
    this.#running.set(id, { pickle, testCase, startedAt: this.#now, reasons: [], verdict: '✓', step: 'set-up' });
    this.tick();
  }

  #stepStarted(id: string, testStepId: string): void {
    const running = this.#running.get(id);
    const step = running?.testCase.testSteps.find((one) => one.id === testStepId);
    if (running === undefined || step === undefined) return;
    running.step = running.pickle.steps.find((one) => one.id === step.pickleStepId)?.text ?? 'making the cluster whole';
    this.tick();
  }

  #stepFinished({ testCaseStartedId, testStepResult: { status, message, exception } }: TestStepFinished): void {
    const running = this.#running.get(testCaseStartedId);
    if (running === undefined || status === 'PASSED') return;
    if (status === 'SKIPPED') {
      if (running.verdict === '✓') running.verdict = '-';
      return;
    }
    const broken = exception?.type === 'PromiseBroken';
    if (running.verdict !== '✗') running.verdict = broken ? '✗' : '?';
    const reason = exception?.message ?? message ?? (status === 'UNDEFINED' ? `no step definition for: ${running.step}` : status.toLowerCase());
    running.reasons.push(broken ? reason : `could not tell: ${reason}`);
  }

  #finished(id: string): void {
    const running = this.#running.get(id);
    if (running === undefined) return;
    this.#running.delete(id);
    this.#over.add(running.testCase.id);
    this.#done += 1;
    const { verdict, note } = this.#judge(running);
    const time = formatDuration(this.#now - running.startedAt, 's');
    const lines = [`${this.#count(this.#done)} ${verdict} ${label(running.pickle)} (${time})${note}`];
    for (const reason of running.reasons) lines.push(...shorten(reason).map((line) => `        ${line}`));
    this.#output.write(`${this.#output.terminalColumns === undefined ? '' : reset}${lines.join('\n')}\n`);
  }

  #judge({ pickle, verdict, reasons }: Running): { verdict: string; note: string } {
    if (this.#output.control !== true || verdict === '?' || verdict === '-') return { verdict, note: '' };
    const tags = pickle.tags.map(({ name }) => name);
    const wanted = stockCodeOf(tags);
    if (wanted === undefined) return { verdict, note: '' };
    if (verdict === '✓') return { verdict: '✗', note: `: it passed, and should fail with ${wanted}` };
    return failedAsNamed(tags, reasons[0]) ? { verdict: '✓', note: ', fails as it must' } : { verdict: '✗', note: `: it should fail with ${wanted}` };
  }

  /** Not to the second: it is a guess. */
  #left(): string {
    const running = new Map([...this.#running.values()].map(({ testCase, startedAt }) => [testCase.id, this.#now - startedAt]));
    const progress = [...this.#testCases.values()].map(({ id, pickleId }) => ({ promise: promiseOf(this.#pickles.get(pickleId)), done: this.#over.has(id), runsMs: running.get(id) ?? 0 }));
    const ms = timeLeftMs(this.#output.earlier ?? {}, progress, this.#now - (this.#beganAt ?? this.#now));
    if (ms === undefined) return '';
    const minutes = Math.round(ms / 60_000);
    return minutes === 0 ? ' less than a minute left' : ` about ${minutes} min left`;
  }

  #count(done: number): string {
    const total = String(this.#testCases.size);
    return `[${String(done).padStart(total.length)}/${total}]`;
  }
}

const promiseOf = (pickle: Pickle | undefined): string => promiseOfTags((pickle?.tags ?? []).map(({ name }) => name)) ?? '';

function label(pickle: Pickle): string {
  const capability = capabilities.find((name) => pickle.tags.some((tag) => tag.name === `@${name}`)) ?? 'other';
  return `${capability}: ${pickle.name}`;
}

function shorten(reason: string): string[] {
  const lines = printable(reason).split('\n').map((line) => line.trimEnd()).filter((line) => line !== '');
  return lines.length <= reasonLines ? lines : [...lines.slice(0, reasonLines), '…'];
}
