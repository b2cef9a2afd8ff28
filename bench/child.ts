import { fork, spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CannotTellError } from '../core/errors.ts';
import { repositoryRoot } from '../core/paths.ts';
import { parentVariable } from '../core/process.ts';
import { bundle } from '../harness/images/bundle.ts';

/** User and system time of a process and of its children that have ended, in seconds: /proc/PID/stat has hundredths (proc_pid_stat(5)). */
export function cpuSecondsOf(stat: string): number {
  // The name, in parentheses, may have spaces; `state` is the first field after it, and the third of all.
  const fields = stat.replace(/^.*\) /s, '').split(' ').map(Number);
  return [11, 12, 13, 14].reduce((sum, at) => sum + (fields[at] ?? NaN), 0) / 100;
}

/** A process of the benchmark. Disposing ends it. */
export class Child implements AsyncDisposable {
  readonly process: ChildProcess;
  readonly ended: Promise<void>;
  #said = '';

  constructor(child: ChildProcess) {
    this.process = child;
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => { this.#said = `${this.#said}${chunk.toString()}`.slice(-2000); });
    child.on('error', (error) => { this.#said += error.message; });
    // 'close' never comes when it was this end that closed the channel.
    this.ended = new Promise((resolve) => child.once('exit', () => resolve()));
  }

  /** The end of what it wrote. */
  get said(): string {
    return this.#said.trim();
  }

  cpuSeconds(): number {
    return cpuSecondsOf(readFileSync(`/proc/${this.process.pid}/stat`, 'utf8'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const kill = (): boolean => this.process.kill('SIGKILL');
    // Those of ours end when nobody is there any more, and may have a profile to write before.
    const timer = setTimeout(kill, endTimeoutMs);
    if (this.process.connected) this.process.disconnect();
    else kill();
    await this.ended;
    clearTimeout(timer);
  }
}

const environment = { ...process.env, [parentVariable]: String(process.pid) };
const readyTimeoutMs = 60_000;
const endTimeoutMs = 10_000;
const answerTimeoutMs = 60_000;

/** One of processes/, made into one file as a component is. @returns its path */
export const processFile = async (name: string): Promise<string> => await bundle(join(repositoryRoot, 'bench', 'processes', `${name}.ts`), { name: `bench-${name}` });

/** One of processes/, in a Node of its own; it says when it is ready and answers questions. */
export class NodeChild<Facts extends object> extends Child {
  readonly facts: Facts;
  readonly #waiting = new Map<string, ((answer: unknown) => void)[]>();

  private constructor(child: ChildProcess, facts: Facts) {
    super(child);
    this.facts = facts;
    child.on('message', ({ question, answer }: { question: string; answer: unknown }) => this.#waiting.get(question)?.shift()?.(answer));
  }

  /** @param nodeFlags of Node itself, `--cpu-prof` for one */
  static async start<Facts extends object>(name: string, args: readonly (string | number)[], nodeFlags: readonly string[] = []): Promise<NodeChild<Facts>> {
    const file = await processFile(name);
    const child = fork(file, args.map(String), { stdio: ['ignore', 'pipe', 'pipe', 'ipc'], execArgv: ['--expose-gc', ...nodeFlags], env: environment });
    let said = '';
    const listen = (chunk: Buffer): void => { said = `${said}${chunk.toString()}`.slice(-1000); };
    child.stderr?.on('data', listen);
    try {
      const facts = await new Promise<Facts>((resolve, reject) => {
        const failed = (why: string): void => reject(new CannotTellError('BENCH_FAILED', `bench/processes/${name}.ts ${why}: ${said.trim()}`));
        const timer = setTimeout(() => failed('was not ready in time'), readyTimeoutMs);
        child.once('message', ({ ready }: { ready: Facts }) => { clearTimeout(timer); resolve(ready); });
        child.once('error', (error) => { clearTimeout(timer); failed(error.message); });
        child.once('close', (code) => { clearTimeout(timer); failed(`ended with ${code}`); });
      });
      return new NodeChild(child, facts);
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    } finally {
      child.stderr?.off('data', listen);
    }
  }

  /** @throws CannotTellError when it ends, or gives no answer within a minute */
  async ask<Answer>(question: string): Promise<Answer> {
    const answer = new Promise<unknown>((resolve) => {
      this.#waiting.set(question, [...(this.#waiting.get(question) ?? []), resolve]);
      this.process.send(question, () => {}); // of one that has ended `ended` tells
    });
    const timer = Promise.withResolvers<never>();
    const failed = (why: string): void => timer.reject(new CannotTellError('BENCH_FAILED', `a process of the benchmark ${why} when it was asked for "${question}": ${this.said}`));
    const timeout = setTimeout(() => failed('was silent'), answerTimeoutMs);
    void this.ended.then(() => failed('ended'));
    try {
      return (await Promise.race([answer, timer.promise])) as Answer;
    } finally {
      clearTimeout(timeout);
      timer.promise.catch(() => {});
    }
  }
}

/** Any other program. */
export const startProgram = (path: string, args: readonly string[]): Child => new Child(spawn(path, args, { stdio: ['ignore', 'pipe', 'pipe'], env: environment }));
