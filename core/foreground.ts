import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { createInterface } from 'node:readline';
import { ExecError } from './exec.ts';

export interface ForegroundOptions {
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/**
 * Runs a program with this process's own terminal, input and output, to its end: for shells and logs that somebody watches. It is in this
 * process's group, so a Ctrl-C at the terminal reaches it too.
 *
 * @param signal ends it
 * @returns its exit code; of one that was ended by a signal 128 and its number, as a shell has it
 * @throws ExecError `EXEC_NOT_FOUND`, `EXEC_FAILED` when it cannot be started
 */
export async function runInForeground(argv: readonly [string, ...string[]], options: ForegroundOptions): Promise<number> {
  return await ended(argv, { ...options, stdio: 'inherit' });
}

/**
 * Runs a program to its end and hands on each line of its output as it comes, however long that takes: nothing is kept. Its stdin is open until then, and empty.
 *
 * @param signal ends it
 * @returns its exit code, as `runInForeground`
 * @throws ExecError `EXEC_NOT_FOUND`, `EXEC_FAILED` when it cannot be started
 */
export async function followLines(argv: readonly [string, ...string[]], onLine: (line: string, from: 'stdout' | 'stderr') => void, options: ForegroundOptions): Promise<number> {
  return await ended(argv, { ...options, stdio: ['pipe', 'pipe', 'pipe'] }, async ({ stdout, stderr }) => {
    await Promise.all(Object.entries({ stdout, stderr }).map(async ([from, stream]) => {
      for await (const line of createInterface({ input: stream! })) onLine(line, from as 'stdout' | 'stderr');
    }));
  });
}

async function ended(argv: readonly [string, ...string[]], { env, signal, stdio }: ForegroundOptions & { readonly stdio: StdioOptions }, meanwhile?: (child: ChildProcess) => Promise<void>): Promise<number> {
  signal.throwIfAborted();
  const child = spawn(argv[0], argv.slice(1), { env: { ...process.env, ...env }, stdio });
  const end = (): void => void child.kill('SIGTERM');
  signal.addEventListener('abort', end, { once: true });
  try {
    const [[code, by]] = (await Promise.all([once(child, 'exit'), meanwhile?.(child)])) as [[number | null, NodeJS.Signals | null], unknown];
    return code ?? 128 + (by === null ? 0 : constants.signals[by]);
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new ExecError(missing ? 'EXEC_NOT_FOUND' : 'EXEC_FAILED', `${argv[0]}: ${missing ? 'no such program' : 'could not be started'}`, argv, {}, error);
  } finally {
    signal.removeEventListener('abort', end);
  }
}
