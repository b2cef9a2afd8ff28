/** Exit codes of every `edgeproof` command: pass, fail, could not tell, bad usage, crash. */
export const exitCodes = { pass: 0, fail: 1, cannotTell: 2, usage: 254, crash: 255 } as const;

export interface ErrorDetails {
  /** What the reader should do next, as a sentence. */
  readonly next?: string;
  /** Nothing comes any more of what is waited for: whoever looks again and again ends with this. Default: false. */
  readonly final?: boolean;
  readonly cause?: unknown;
}

/**
 * Base of every error that edgeproof throws on purpose. `code` is stable and machine-readable; the
 * message says what happened; `next` says what to do about it.
 */
export class EdgeproofError extends Error {
  readonly code: string;
  readonly next: string | undefined;
  readonly final: boolean;

  constructor(code: string, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = new.target.name;
    this.code = code;
    this.next = details.next;
    this.final = details.final ?? false;
  }
}

/** The user asked for something that does not exist or cannot be meant: exit 254. */
export class UsageError extends EdgeproofError {
  constructor(message: string, details: ErrorDetails = {}) {
    super('USAGE', message, details);
  }
}

/** The harness could not do its part, so nothing can be said of the cluster: exit 2. */
export class CannotTellError extends EdgeproofError {}

/**
 * A promise of the graded cluster was seen not to hold. `code` names how (`POD_IP_CHANGED`); the negative
 * control compares it with the reason that the scenario's tag names.
 */
export class PromiseBroken extends EdgeproofError {
  constructor(code: string, message: string, details: ErrorDetails = {}) {
    super(code, `[${code}] ${message}`, details);
  }
}

/** What the machine has run out of, by the code of a system error (errno(3)), and what to do about it. */
const runOut: Readonly<Record<string, { readonly what: string; readonly next: string }>> = {
  ENOSPC: { what: 'a disk is full', next: 'make room (edgeproof doctor says how much is needed, edgeproof images list what the images take), and run this again' },
  EDQUOT: { what: 'a disk quota is used up', next: 'make room within the quota, and run this again' },
  EMFILE: { what: 'this process has too many open files', next: 'raise the limit (ulimit -n), and run this again' },
  ENFILE: { what: 'this machine has too many open files', next: 'end what holds them (lsof), and run this again' },
};

/** What an error says of the machine rather than of edgeproof: that it has run out of something. Else the error itself. */
function ofMachine(error: unknown): unknown {
  for (let at = error, depth = 0; at instanceof Error && !(at instanceof EdgeproofError) && depth < 5; at = at.cause, depth++) {
    const out = runOut[(at as NodeJS.ErrnoException).code ?? ''];
    if (out !== undefined) return new CannotTellError('MACHINE_RAN_OUT', out.what, { cause: error, next: out.next });
  }
  return error;
}

/** The exit code that an error stands for. */
export function exitCodeOf(error: unknown): number {
  // Clean-up failed after something else had: what failed first decides.
  if (error instanceof SuppressedError) return exitCodeOf(error.suppressed);
  if (error instanceof UsageError) return exitCodes.usage;
  if (error instanceof PromiseBroken) return exitCodes.fail;
  return ofMachine(error) instanceof EdgeproofError ? exitCodes.cannotTell : exitCodes.crash;
}

/** An error and its causes, one a line: for terminals and reports. */
export function describeError(error: unknown): string {
  if (error instanceof SuppressedError) return `${describeError(error.suppressed)}\nand then, cleaning up: ${describeError(error.error)}`;
  const lines: string[] = [];
  for (let at = ofMachine(error); at !== undefined && lines.length < 5; at = at instanceof Error ? at.cause : undefined) {
    const text = at instanceof Error ? at.message : String(at);
    lines.push(lines.length === 0 ? text : `  because: ${text}`);
    if (at instanceof EdgeproofError && at.next !== undefined) lines.push(`  next: ${at.next}`);
  }
  return lines.join('\n');
}
