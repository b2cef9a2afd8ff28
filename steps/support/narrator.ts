import type { Attachment, Envelope, Pickle, Step, TestCase, TestStepFinished, Timestamp } from '@cucumber/messages';
import { formatDuration } from '../../core/duration.ts';
import { printable } from '../../core/printable.ts';
import { plainStyle, type Style } from './style.ts';
import { toldAttachment } from './told-attachment.ts';

export interface Audience {
  /** Takes a line when there is one. @param atMs since the beginning of the scenario's first step */
  readonly line: (text: string, atMs: number) => void;
  /** Width of a line. Default: 100. */
  readonly columns?: number;
  readonly style?: Style;
}

/** What a scenario looks like while it runs, and when that began, in milliseconds since the epoch. */
export interface Now {
  readonly what: string;
  readonly since: number;
}

const msOf = ({ seconds, nanos }: Timestamp): number => seconds * 1000 + nanos / 1e6;
const timeColumns = 8;
const indent = 4;

/**
 * Tells one scenario as it goes, by Cucumber's messages alone: it knows nothing that the feature has not seen. Of a step its sentence when it
 * begins, what it attaches when it does, and how it ended. All times are those of the messages.
 */
export class Narrator {
  readonly #audience: Audience;
  readonly #style: Style;
  readonly #pickles = new Map<string, Pickle>();
  readonly #cases = new Map<string, TestCase>();
  readonly #astSteps = new Map<string, Step>();
  readonly #descriptions = new Map<string, string>();
  #pickle: Pickle | undefined;
  #case: TestCase | undefined;
  #startedAt: number | undefined;
  /** Of the step that runs: the time of its beginning, and whether what was last told of it says how it ended. */
  #step: { readonly testStepId: string; readonly since: number; judged: boolean } | undefined;
  #lastTime = '';
  #wrong = false;
  #left = 0;
  now: Now | undefined;

  constructor(audience: Audience) {
    this.#audience = audience;
    this.#style = audience.style ?? plainStyle;
  }

  /** Takes the next of Cucumber's messages. */
  message({ gherkinDocument, pickle, testCase, testCaseStarted, testStepStarted, attachment, testStepFinished, testCaseFinished }: Envelope): void {
    for (const { scenario, background } of gherkinDocument?.feature?.children ?? []) {
      for (const step of [...(background?.steps ?? []), ...(scenario?.steps ?? [])]) this.#astSteps.set(step.id, step);
      if (scenario !== undefined) this.#descriptions.set(scenario.id, scenario.description);
    }
    if (pickle) this.#pickles.set(pickle.id, pickle);
    if (testCase) this.#cases.set(testCase.id, testCase);
    if (testCaseStarted) this.#begin(testCaseStarted.testCaseId, msOf(testCaseStarted.timestamp));
    if (testStepStarted) this.#stepBegins(testStepStarted.testStepId, msOf(testStepStarted.timestamp));
    if (attachment) this.#attached(attachment);
    if (testStepFinished) this.#stepEnds(testStepFinished);
    if (testCaseFinished) this.now = undefined;
  }

  #begin(testCaseId: string, at: number): void {
    this.#case = this.#cases.get(testCaseId);
    this.#pickle = this.#pickles.get(this.#case?.pickleId ?? '');
    if (this.#pickle === undefined) return;
    [this.#startedAt, this.#step, this.#wrong, this.#left, this.#lastTime] = [undefined, undefined, false, this.#pickle.steps.length, ''];
    this.now = { what: 'waiting for the cluster to be whole', since: at };
    this.#audience.line('', 0);
    for (const line of wrap(this.#pickle.name, this.#columns)) this.#audience.line(this.#style.strong(line), 0);
    const why = /^\s*(Why: .*)$/m.exec(this.#pickle.astNodeIds.map((id) => this.#descriptions.get(id)).join('\n'))?.[1];
    if (why !== undefined) for (const line of wrap(why, this.#columns)) this.#audience.line(this.#style.faint(line), 0);
  }

  get #columns(): number {
    return this.#audience.columns ?? 100;
  }

  /** The step of the scenario that a message is about; undefined for a hook. */
  #pickleStep(testStepId: string): Pickle['steps'][number] | undefined {
    const id = this.#case?.testSteps.find((step) => step.id === testStepId)?.pickleStepId;
    return this.#pickle?.steps.find((step) => step.id === id);
  }

  #stepBegins(testStepId: string, at: number): void {
    const step = this.#pickleStep(testStepId);
    if (step === undefined) {
      if (this.#startedAt !== undefined) this.now = { what: 'making the cluster whole', since: at };
      return;
    }
    this.#startedAt ??= at;
    // The rest is skipped.
    if (this.#wrong) return;
    this.#step = { testStepId, since: at, judged: false };
    this.now = { what: step.text, since: at };
    const keyword = this.#astSteps.get(step.astNodeIds[0] ?? '')?.keyword.trim() ?? '';
    const deed = step.type === 'Action';
    if (deed && keyword !== 'And' && keyword !== 'But') this.#audience.line('', at - this.#startedAt);
    this.#lastTime = '';
    const style = deed ? this.#style.deed : step.type === 'Context' ? this.#style.faint : this.#style.strong;
    this.#tell(at, 0, `${keyword} ${step.text}`, style);
    const rows = step.argument?.dataTable?.rows.slice(1) ?? [];
    for (const { cells } of rows) this.#tell(at, indent, cells.map(({ value }) => value).join(', '), this.#style.faint);
  }

  #attached(attachment: Attachment): void {
    if (this.#step === undefined || attachment.testStepId !== this.#step.testStepId) return;
    const at = attachment.timestamp === undefined ? this.#step.since : msOf(attachment.timestamp);
    for (const { text, paint, verdict } of toldAttachment(attachment, this.#style)) {
      this.#step.judged = verdict === true;
      this.#tell(at, indent, text, paint);
    }
  }

  #stepEnds({ testStepId, timestamp, testStepResult: { status, message, exception } }: TestStepFinished): void {
    const own = this.#pickleStep(testStepId) !== undefined;
    const at = msOf(timestamp);
    if (own) this.#left -= 1;
    if (status === 'PASSED') {
      if (own && this.#step?.judged === false) this.#tell(at, indent, `✓ ${formatDuration(at - this.#step.since)}`, this.#style.good);
      if (own && this.#left === 0 && !this.#wrong) this.#verdict(at, `✓ The promise is kept, seen in ${formatDuration(at - (this.#startedAt ?? at))}.`, this.#style.good);
      return;
    }
    if (this.#wrong) return;
    this.#wrong = true;
    if (status === 'SKIPPED') return this.#verdict(at, '- Not asked: this cluster lacks what the scenario needs.', this.#style.faint);
    const reason = exception?.message ?? message ?? status.toLowerCase();
    const broken = exception?.type === 'PromiseBroken';
    this.#verdict(at, `${broken ? '✗ The promise is broken' : '? It could not be told'}: ${printable(reason)}`, this.#style.bad);
  }

  #verdict(at: number, text: string, style: (text: string) => string): void {
    this.#audience.line('', at - (this.#startedAt ?? at));
    this.#tell(at, 0, text, style);
  }

  /** A line with its time, if that is another than before; what is too long goes on in lines without. */
  #tell(at: number, inner: number, text: string, paint: (text: string) => string): void {
    const atMs = Math.max(0, at - (this.#startedAt ?? at));
    const room = this.#columns - timeColumns - 2 - inner;
    for (const line of text.split('\n').flatMap((one) => (one.length <= room ? [one] : wrap(one, room)))) {
      const time = `${(atMs / 1000).toFixed(1)} s`;
      const shown = time === this.#lastTime ? '' : time;
      this.#lastTime = time;
      this.#audience.line(`${this.#style.faint(shown.padStart(timeColumns))}  ${' '.repeat(inner)}${paint(line)}`, atMs);
    }
  }
}

/** Lines of whole words that are no longer than that, if their words are not; a number and its unit are one. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(/(?<!\d) | (?!s\b)/)) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > columns) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
