import { CannotTellError } from '../../core/errors.ts';
import { ExecError } from '../../core/exec.ts';
import { waitFor } from '../../core/wait.ts';
import type { Docker } from '../docker/docker.ts';

/** What a program said that ran until it was told to end. */
export interface Said {
  readonly stdout: string;
  readonly stderr: string;
}

export interface NodeProgramOptions {
  /** Shell. It may prepare what it likes, and becomes the program by `exec`: the process that runs it is the one that is told to end. */
  readonly script: string;
  readonly args: readonly string[];
  /** How long it may run at the most. Milliseconds. */
  readonly lifeMs: number;
  readonly signal?: AbortSignal;
}

const startTimeoutMs = 15_000;
const endTimeoutMs = 10_000;

/**
 * A program that runs on a node for the length of some steps. It is told to end by SIGINT on the node itself, as the end of a client of the
 * engine ends nothing there. Disposing ends it.
 */
export class NodeProgram implements AsyncDisposable {
  readonly #docker: Docker;
  readonly #node: string;
  readonly #given = new AbortController();
  readonly #lines: string[] = [];
  readonly #run: Promise<Said>;
  #pid: string | undefined;
  #over = false;

  private constructor(docker: Docker, node: string, { script, args, lifeMs, signal }: NodeProgramOptions) {
    this.#docker = docker;
    this.#node = node;
    const argv = ['sh', '-c', `echo "pid $$"\n${script}`, 'sh', ...args];
    this.#run = docker.exec(node, argv, { accept: 'any', timeoutMs: lifeMs, signal: this.#given.signal, onLine: (line) => this.#lines.push(line) }).finally(() => { this.#over = true; });
    this.#run.catch(() => {}); // Whoever ends it is told.
    // On the node first: the end of the engine's client ends nothing there. What goes wrong in it, whoever disposes is told.
    signal?.addEventListener('abort', () => void this[Symbol.asyncDispose]().catch(() => {}), { once: true });
  }

  /**
   * Starts a program and waits until it has said something: an answer, say.
   *
   * @param saying what a line must hold
   * @throws CannotTellError `NOT_STARTED`
   */
  static async start(docker: Docker, node: string, saying: string, options: NodeProgramOptions): Promise<NodeProgram> {
    const program = new NodeProgram(docker, node, options);
    try {
      await waitFor(`"${saying}" from ${node}`, async () => {
        program.#pid ??= program.#lines.map((line) => /^pid (\d+)$/.exec(line)?.[1]).find((pid) => pid !== undefined);
        if (program.#pid !== undefined && program.#lines.some((line) => line.includes(saying))) return { done: true };
        return { missing: `it ${program.#over ? 'has ended' : 'runs'} and said: ${program.#lines.slice(-3).join(' / ') || 'nothing'}` };
      }, { timeoutMs: startTimeoutMs, everyMs: 25, ...(options.signal && { signal: options.signal }) });
      return program;
    } catch (error) {
      await program[Symbol.asyncDispose]();
      options.signal?.throwIfAborted();
      throw new CannotTellError('NOT_STARTED', `a program on ${node} did not get to work`, { cause: error });
    }
  }

  /** False once it has ended, whoever ended it. */
  get running(): boolean {
    return !this.#over;
  }

  /** All that one said that has ended by itself. @throws ExecError when it ended with its node */
  get said(): Promise<Said> {
    return this.#run;
  }

  /** Ends it and gives all that it said. @throws CannotTellError `ENDED_EARLY` when it had ended by itself, or with its node; `NOT_ENDED` */
  async end(): Promise<Said> {
    if (this.#over) throw new CannotTellError('ENDED_EARLY', `a program on ${this.#node} has ended before it was told to: ${this.#lines.slice(-3).join(' / ')}`);
    await this.#interrupt();
    const deadline = setTimeout(() => this.#given.abort(), endTimeoutMs);
    try {
      return await this.#run;
    } catch (error) {
      throw new CannotTellError('NOT_ENDED', `a program on ${this.#node} did not end within ${endTimeoutMs / 1000} s`, { cause: error });
    } finally {
      clearTimeout(deadline);
    }
  }

  async #interrupt(): Promise<void> {
    if (this.#over || this.#pid === undefined) return;
    await this.#docker.exec(this.#node, ['kill', '-INT', this.#pid], { accept: 'any', timeoutMs: endTimeoutMs });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.#interrupt();
    } catch (error) {
      // A node that is off runs nothing.
      if (!(error instanceof ExecError)) throw error;
    } finally {
      this.#given.abort();
      await this.#run.catch(() => {});
    }
  }
}
