import type { Progress } from '../core/progress.ts';

export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** All that a command knows of the process it runs in. */
export interface Io {
  /** Facts and results. */
  readonly stdout: Output;
  /** Everything said to whoever watches. */
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where the user is: relative paths start here. */
  readonly cwd: string;
  /** Aborted once, by the first SIGINT, SIGTERM or SIGHUP. Clean-up does not listen to it. */
  readonly signal: AbortSignal;
  /** Aborted when whoever read stdout has gone (`| head`): what only tells something, and has no end, ends then. Absent: nobody can go. */
  readonly unread?: AbortSignal;
  /** Says that from now on this only watches, until it is interrupted: that is how one leaves it, with exit code 0 and without a word. Absent: nobody can interrupt. */
  readonly watchOnly?: () => void;
  readonly progress: Progress;
}

export const printJson = (io: Io, facts: unknown): void => void io.stdout.write(`${JSON.stringify(facts, null, 2)}\n`);
