import { spawn, type ChildProcess } from 'node:child_process';
import { parentVariable } from './process.ts';
import { waitFor, type Look } from './wait.ts';

export interface StartOptions {
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Written to its stdin, which is then closed. `open`: stdin stays open, for `write`. Default: it has none. */
  readonly input?: Uint8Array | 'open';
}

/** A program that runs until it ends or is killed: what is followed, forwarded or interrupted. Disposing kills its whole process group. */
export class StartedProgram implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #stdout: Buffer[] = [];
  #stderr = '';
  #code: number | undefined;
  /** When it ended, in milliseconds since the epoch. */
  endedAt: number | undefined;
  readonly ended: Promise<number>;

  constructor(argv: readonly [string, ...string[]], options: StartOptions = {}) {
    const { env, input } = options;
    this.#child = spawn(argv[0], argv.slice(1), {
      env: { ...process.env, [parentVariable]: String(process.pid), ...env },
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      detached: true,
    });
    this.#child.stdout?.on('data', (chunk: Buffer) => this.#stdout.push(chunk));
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => { this.#stderr += text; });
    // EPIPE only says that the program did not want all of its input.
    this.#child.stdin?.on('error', () => {});
    if (input !== undefined && input !== 'open') this.#child.stdin?.end(input);
    this.ended = new Promise((resolve) => {
      const over = (code: number): void => {
        this.#code ??= code;
        this.endedAt ??= Date.now();
        resolve(this.#code);
      };
      this.#child.once('error', (error) => {
        this.#stderr += String(error);
        over(-1);
      });
      this.#child.once('close', (exit) => over(exit ?? 128));
    });
  }

  /** Undefined while it runs; 128 when a signal ended it, -1 when it could not be started. */
  get code(): number | undefined {
    return this.#code;
  }

  /** How many bytes its stdout has given so far. */
  get received(): number {
    return this.#stdout.reduce((sum, { length }) => sum + length, 0);
  }

  get output(): Buffer {
    return Buffer.concat(this.#stdout);
  }

  get stdout(): string {
    return this.output.toString();
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** To the program alone: SIGSTOP, SIGCONT, SIGINT, SIGKILL. */
  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** To its stdin, which must be `open`. */
  write(text: string): void {
    this.#child.stdin?.write(text);
  }

  /** Waits until its stdout has a text in it. @throws WaitTimeoutError with what it said instead */
  async says(text: string, timeoutMs: number, signal?: AbortSignal): Promise<void> {
    await waitFor(`"${text}" from ${this.#child.spawnargs.slice(0, 4).join(' ')}`, async (): Promise<Look<true>> => {
      if (this.stdout.includes(text)) return { done: true };
      return { missing: this.#code === undefined ? `it runs and said ${JSON.stringify(this.stdout.slice(-200))} ${this.#stderr.slice(-200)}` : `it ended with ${this.#code}: ${this.#stderr.slice(-300)}` };
    }, { timeoutMs, everyMs: 25, ...(signal && { signal }) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#code === undefined && this.#child.pid !== undefined) {
      try {
        process.kill(-this.#child.pid, 'SIGKILL');
      } catch {
        // It has just ended.
      }
    }
    await this.ended;
  }
}
