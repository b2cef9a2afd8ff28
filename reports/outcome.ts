import type { Exception } from '@cucumber/messages';

/**
 * What became of a scenario. `failed`: a promise was seen not to hold. `error`: it could not be told, for whatever
 * reason. `notRun`: it should have run and there is no trace of it. `notSelected`: the run was restricted by tags.
 */
export type Outcome = 'passed' | 'failed' | 'error' | 'notRun' | 'skipped' | 'notSelected' | 'notClaimed';

export type StepStatus = 'passed' | 'failed' | 'skipped' | 'pending' | 'undefined' | 'ambiguous' | 'unknown' | 'unfinished';

/** An exception as the report tells it. */
export interface ErrorReport {
  /** Of a `PromiseBroken`. Its presence makes the scenario failed, its absence an error. */
  readonly code?: string;
  readonly type: string;
  /** Without the code. */
  readonly message: string;
  /** Messages of its causes, outermost first. */
  readonly causes: readonly string[];
  readonly stack?: string;
}

const broken = /^\[([A-Z][A-Z0-9_]*)\]\s+/;
const stackLine = /^\s+at\s/;

/** A `PromiseBroken` of unknown code: its message does not begin with one. */
export const unknownCode = 'UNKNOWN';

export function readException(exception: Exception): ErrorReport {
  const text = exception.message ?? '';
  // Only the class says that a promise broke: others quote texts of programs, which may begin with anything.
  const code = exception.type === 'PromiseBroken' ? (broken.exec(text)?.[1] ?? unknownCode) : undefined;
  const stack = exception.stackTrace ?? '';
  return {
    ...(code === undefined ? {} : { code }), type: exception.type, message: code === undefined ? text : text.replace(broken, ''), causes: causesOf(stack),
    ...(stack === '' ? {} : { stack }),
  };
}

/** Cucumber writes the causes into the stack trace, each after "Caused by: ", with its own stack and the names of its classes. */
function causesOf(stack: string): string[] {
  return stack.split(/\nCaused by: /).slice(1).map((part) => {
    const lines = part.split('\n');
    const end = lines.findIndex((line) => stackLine.test(line));
    return lines.slice(0, end === -1 ? undefined : end).join('\n').trim().replace(/^Error: /, '');
  });
}

/** The worst first: what an outline's examples amount to together. */
const severity: readonly Outcome[] = ['failed', 'error', 'notRun', 'skipped', 'passed', 'notSelected', 'notClaimed'];

export function worst(outcomes: readonly Outcome[]): Outcome {
  return severity.find((outcome) => outcomes.includes(outcome)) ?? 'notRun';
}
