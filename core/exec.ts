import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { createInterface } from 'node:readline';
import { EdgeproofError } from './errors.ts';
import { parentVariable, processFacts, processIds } from './process.ts';
import { waitFor } from './wait.ts';

export interface ExecOptions {
  readonly cwd?: string;
  /** Added to this process's environment; `undefined` takes a variable out. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Written to the program's stdin, which is then closed. */
  readonly input?: string | Uint8Array;
  /** The program is killed with its whole process group when this much time has passed. Default: 60,000. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /**
   * What an abort does: `kill` the whole process group; or `drain`: end the program alone and let the short programs
   * that it had started come to their ends (within a minute), so that nothing they do comes after this. Default: `kill`.
   */
  readonly onAbort?: 'kill' | 'drain';
  /** Called with each line of stdout and stderr as it comes. */
  readonly onLine?: (line: string) => void;
  /** Exit codes that are not an error. Default: only 0. `any` accepts all. */
  readonly accept?: readonly number[] | 'any';
}

export interface ExecResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program that could not be started, was killed, ran out of time, or ended with a code nobody expected. */
export class ExecError extends EdgeproofError {
  readonly argv: readonly string[];
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;

  constructor(code: string, message: string, argv: readonly string[], result: Partial<ExecResult>, cause?: unknown) {
    super(code, message, { cause });
    this.argv = argv;
    this.exitCode = result.code;
    this.stdout = result.stdout ?? '';
    this.stderr = result.stderr ?? '';
  }
}

const shown = (argv: readonly string[]): string => {
  const line = argv.join(' ');
  return line.length > 200 ? `${line.slice(0, 200)}…` : line;
};

const tail = (text: string): string => text.trim().split('\n').slice(-15).join('\n');

/** Some reasons not to start (arguments that are too long) are thrown, others are told by an event. */
function start(argv: readonly [string, ...string[]], options: SpawnOptions): ChildProcess {
  try {
    return spawn(argv[0], argv.slice(1), options);
  } catch (cause) {
    throw new ExecError('EXEC_FAILED', `${argv[0]}: could not be started`, argv, {}, cause);
  }
}

/** What a drained program had started gets this long. */
const drainTimeoutMs = 60_000;

/** Waits until no process of a group is left; when the time is over, kills what is. */
async function groupEnds(group: number | undefined): Promise<void> {
  if (group === undefined) return;
  await waitFor('started programs end', async () => {
    const left = (await processIds()).filter((pid) => processFacts(pid)?.group === group);
    return left.length === 0 ? { done: undefined } : { missing: `process ${left.join(', ')} still runs` };
  }, { timeoutMs: drainTimeoutMs, everyMs: 100 }).catch(() => {
    try {
      process.kill(-group, 'SIGKILL');
    } catch {
      // Nobody is left.
    }
  });
}

/** `iptables` and `debootstrap` lie where the PATH of a `su` without `-` does not lead. */
function withSystemPrograms(path = ''): string {
  const folders = path.split(':').filter((folder) => folder !== '');
  return [...folders, ...['/usr/local/sbin', '/usr/sbin', '/sbin'].filter((folder) => !folders.includes(folder))].join(':');
}

/**
 * Runs a program to its end, without a shell.
 *
 * @throws ExecError `EXEC_NOT_FOUND`, `EXEC_TIMEOUT`, `EXEC_ABORTED`, `EXEC_FAILED` (with the end of its stderr).
 */
export async function exec(argv: readonly [string, ...string[]], options: ExecOptions = {}): Promise<ExecResult> {
  const timeoutMs = options.timeoutMs ?? 60_000;
  if (options.signal?.aborted) throw new ExecError('EXEC_ABORTED', `${argv[0]}: not started, the run was aborted`, argv, {});
  // A group of its own: a time-out ends what the program started too, and a Ctrl-C in the terminal reaches
  // the CLI alone, which then winds things up in order.
  const spawnOptions: SpawnOptions = {
    cwd: options.cwd,
    // Whose child it is, for `down --all`: after a SIGKILL of this process it would run on.
    env: { ...process.env, PATH: withSystemPrograms(process.env['PATH']), [parentVariable]: String(process.pid), ...options.env },
    stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    detached: true,
  };
  const child = start(argv, spawnOptions);
  let stdout = '';
  let stderr = '';
  let ended: 'timeout' | 'aborted' | undefined;
  const killGroup = (why: 'timeout' | 'aborted'): void => {
    ended ??= why;
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      child.kill('SIGKILL'); // the group is gone already
    }
  };
  const timer = setTimeout(() => killGroup('timeout'), timeoutMs);
  const onAbort = (): void => {
    if (options.onAbort !== 'drain') return killGroup('aborted');
    ended ??= 'aborted';
    child.kill('SIGKILL');
  };
  options.signal?.addEventListener('abort', onAbort, { once: true });
  try {
    child.stdout?.setEncoding('utf8').on('data', (text: string) => { stdout += text; });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => { stderr += text; });
    if (options.onLine !== undefined) {
      for (const stream of [child.stdout, child.stderr]) {
        if (stream) createInterface({ input: stream }).on('line', options.onLine);
      }
    }
    // EPIPE only says that the program did not want all of its input: its exit code tells the rest.
    child.stdin?.on('error', () => {});
    if (options.input !== undefined) child.stdin?.end(options.input);
    const code = await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (exit, signal) => resolve(exit ?? (signal === null ? -1 : 128)));
    });
    if (ended === 'aborted' && options.onAbort === 'drain') await groupEnds(child.pid);
    if (ended === 'timeout') {
      throw new ExecError('EXEC_TIMEOUT', `${shown(argv)}: still running after ${timeoutMs / 1000} s\n${tail(stderr)}`, argv, { code, stdout, stderr });
    }
    if (ended === 'aborted') throw new ExecError('EXEC_ABORTED', `${shown(argv)}: aborted`, argv, { code, stdout, stderr });
    if (options.accept !== 'any' && !(options.accept ?? [0]).includes(code)) {
      throw new ExecError('EXEC_FAILED', `${shown(argv)}: exit ${code}\n${tail(stderr) || tail(stdout)}`, argv, { code, stdout, stderr });
    }
    return { code, stdout, stderr };
  } catch (error) {
    if (error instanceof ExecError) throw error;
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new ExecError(missing ? 'EXEC_NOT_FOUND' : 'EXEC_FAILED', `${argv[0]}: ${missing ? 'no such program' : 'could not be started'}`, argv, {}, error);
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', onAbort);
  }
}
