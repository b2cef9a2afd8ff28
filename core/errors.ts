/** Exit codes of every `edgeproof` command: pass, fail, could not tell, bad usage, crash. */
export const exitCodes = { pass: 0, fail: 1, cannotTell: 2, usage: 254, crash: 255 } as const;

export interface ErrorDetails {
  /** What the reader should do next, as a sentence. */
  readonly next?: string;
  readonly cause?: unknown;
}

/**
 * Base of every error that edgeproof throws on purpose. `code` is stable and machine-readable; the
 * message says what happened; `next` says what to do about it.
 */
export class EdgeproofError extends Error {
  readonly code: string;
  readonly next: string | undefined;

  constructor(code: string, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = new.target.name;
    this.code = code;
    this.next = details.next;
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

/** The exit code that an error stands for. */
export function exitCodeOf(error: unknown): number {
  // Clean-up failed after something else had: what failed first decides.
  if (error instanceof SuppressedError) return exitCodeOf(error.suppressed);
  if (error instanceof UsageError) return exitCodes.usage;
  if (error instanceof PromiseBroken) return exitCodes.fail;
  if (error instanceof EdgeproofError) return exitCodes.cannotTell;
  return exitCodes.crash;
}

/** An error and its causes, one a line: for terminals and reports. */
export function describeError(error: unknown): string {
  if (error instanceof SuppressedError) return `${describeError(error.suppressed)}\nand then, cleaning up: ${describeError(error.error)}`;
  const lines: string[] = [];
  for (let at: unknown = error; at !== undefined && lines.length < 5; at = at instanceof Error ? at.cause : undefined) {
    const text = at instanceof Error ? at.message : String(at);
    lines.push(lines.length === 0 ? text : `  because: ${text}`);
    if (at instanceof EdgeproofError && at.next !== undefined) lines.push(`  next: ${at.next}`);
  }
  return lines.join('\n');
}
