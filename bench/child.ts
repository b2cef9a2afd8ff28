import { fork, spawn, type ChildProcess } from 'node:child_process';
import { on, once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CannotTellError } from '../core/errors.ts';
import { repositoryRoot } from '../core/paths.ts';
import { parentVariable } from '../core/process.ts';

/** A process of the benchmark. Disposing ends it. */
export class Child implements AsyncDisposable {
  readonly process: ChildProcess;
  readonly ended: Promise<void>;
  #said = '';

  constructor(child: ChildProcess) {
    this.process = child;
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => { this.#said = `${this.#said}${chunk.toString()}`.slice(-2000); });
    this.ended = new Promise((resolve) => child.once('close', () => resolve()));
  }

  /** The end of what it wrote. */
  get said(): string {
    return this.#said.trim();
  }

  /** User and system time so far, in seconds: /proc/PID/stat counts them in hundredths (proc(5), CLK_TCK). */
  cpuSeconds(): number {
    const fields = readFileSync(`/proc/${this.process.pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.process.kill('SIGKILL');
    await this.ended;
  }
}

const environment = { ...process.env, [parentVariable]: String(process.pid) };
const readyTimeoutMs = 60_000;

/** One of processes/, in a Node of its own; it says when it is ready and answers questions. */
export class NodeChild<Facts extends object> extends Child {
  readonly facts: Facts;

  private constructor(child: ChildProcess, facts: Facts) {
    super(child);
    this.facts = facts;
  }

  static async start<Facts extends object>(name: string, args: readonly (string | number)[]): Promise<NodeChild<Facts>> {
    const child = fork(join(repositoryRoot, 'bench', 'processes', `${name}.ts`), args.map(String), { stdio: ['ignore', 'pipe', 'pipe', 'ipc'], execArgv: ['--expose-gc'], env: environment });
    let said = '';
    child.stderr?.on('data', (chunk: Buffer) => { said = `${said}${chunk.toString()}`.slice(-1000); });
    const facts = await new Promise<Facts>((resolve, reject) => {
      const failed = (why: string): void => reject(new CannotTellError('BENCH_FAILED', `bench/processes/${name}.ts ${why}: ${said.trim()}`));
      const timer = setTimeout(() => failed('was not ready in time'), readyTimeoutMs);
      child.once('message', ({ ready }: { ready: Facts }) => { clearTimeout(timer); resolve(ready); });
      child.once('close', (code) => { clearTimeout(timer); failed(`ended with ${code}`); });
    });
    return new NodeChild(child, facts);
  }

  async ask<Answer>(question: string): Promise<Answer> {
    const settled = new AbortController();
    try {
      return await Promise.race([
        (async () => {
          const heard = on(this.process, 'message', { signal: settled.signal });
          this.process.send(question);
          for await (const [message] of heard as AsyncIterable<[{ question?: string; answer?: Answer }]>) if (message.question === question) return message.answer as Answer;
          throw new Error('unreachable: it only ends by its signal');
        })(),
        once(this.process, 'close', { signal: settled.signal }).then(() => { throw new CannotTellError('BENCH_FAILED', `a process of the benchmark ended: ${this.said}`); }),
      ]);
    } finally {
      settled.abort();
    }
  }
}

/** Any other program. */
export const startProgram = (path: string, args: readonly string[]): Child => new Child(spawn(path, args, { stdio: ['ignore', 'pipe', 'pipe'], env: environment }));
