import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { NodeNetwork } from './network.ts';

export interface MonitorOptions {
  readonly network: NodeNetwork;
  /** Whether a line of `ip monitor` is about something that matters. */
  readonly matters: (line: string) => boolean;
  readonly changed: () => void;
  /** It ended, which it should not: it is started again. */
  readonly ended: (reason: string) => void;
}

/** Until a monitor that ended is started again. Milliseconds. */
const againMs = 1000;

/**
 * Tells when something about devices, addresses, neighbours or routes has changed, by the kernel's messages (rtnetlink(7)), as `ip monitor`
 * prints them. What it is now is for whoever is told to look at: messages may be lost, and a device that was looked at is not.
 */
export class NetworkMonitor implements Disposable {
  readonly #options: MonitorOptions;
  #child: ChildProcessByStdio<null, Readable, Readable> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #disposed = false;

  constructor(options: MonitorOptions) {
    this.#options = options;
    this.#start();
  }

  #start(): void {
    const { network, matters, changed } = this.#options;
    const [program, ...rest] = network.argv('monitor', 'link', 'address', 'neigh', 'route');
    const child = (this.#child = spawn(program, rest, { stdio: ['ignore', 'pipe', 'pipe'] }));
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => { stderr = (stderr + text).slice(-500); });
    createInterface({ input: child.stdout }).on('line', (line) => { if (matters(line)) changed(); });
    child.on('spawn', changed);
    child.on('error', (error) => this.#again(error.message));
    child.on('close', (code, signal) => this.#again(`${signal ?? `exit ${code}`} ${stderr}`.trim()));
  }

  #again(reason: string): void {
    if (this.#disposed || this.#timer !== undefined) return;
    this.#options.ended(reason);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#start();
    }, againMs);
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    clearTimeout(this.#timer);
    this.#child?.kill();
  }
}
