import { formatDuration } from './duration.ts';

/** Where progress goes: stderr in the CLI, so that stdout is left to facts. */
export interface ProgressStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** Runs long work so that whoever watches always sees what it is doing and for how long. */
export interface Progress {
  /** Runs `work` as a named step; gives its result and passes its error on. Steps may nest and run side by side. */
  step<T>(name: string, work: (step: Step) => Promise<T> | T): Promise<T>;
  /** Writes a line that stays, without tearing the live line. */
  line(text: string): void;
}

export interface Step extends Progress {
  /** What the step is doing right now (a package, a node, a URL): shown with it, replaced by the next. */
  detail(text: string): void;
  /** What came of the step: shown on its last line. */
  result(text: string): void;
}

export interface ProgressOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Off a terminal, a running step says that it still runs this often. Default: 30,000. */
  readonly beatMs?: number;
  /** Milliseconds of a clock that never goes back. Default: performance.now. */
  readonly now?: () => number;
}

/** The progress of a whole process. */
export interface RootProgress extends Progress {
  /** What runs right now and for how long, for those who ask (a second Ctrl-C): `Boot › kind (12 s)`. */
  running(): string[];
  /** Clears the live line, and says no more of what still runs. */
  close(): void;
}

/** Progress on a stream: one live line on a terminal, plain lines elsewhere. */
export function createProgress(stream: ProgressStream, options: ProgressOptions = {}): RootProgress {
  return new Reporter(stream, options);
}

/** Progress that nobody watches: for tests, and for calls whose caller shows the whole as one step. */
export const silentProgress: Progress = {
  step: async (_name, work) => await work(silentStep),
  line: () => {},
};
const silentStep: Step = { ...silentProgress, detail: () => {}, result: () => {} };

interface Running {
  readonly name: string;
  readonly parent: Running | undefined;
  readonly startedAt: number;
  beats: number;
  children: number;
  detail: string;
  result: string;
}

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const frameMs = 125;

class Reporter implements RootProgress {
  readonly #stream: ProgressStream;
  readonly #live: boolean;
  readonly #colour: boolean;
  readonly #beatMs: number;
  readonly #now: () => number;
  /** In the order of their starts. */
  readonly #running = new Set<Running>();
  #timer: NodeJS.Timeout | undefined;
  #frame = 0;
  #drawn = false;

  constructor(stream: ProgressStream, options: ProgressOptions) {
    const env = options.env ?? {};
    this.#stream = stream;
    this.#live = stream.isTTY === true && env['TERM'] !== 'dumb';
    this.#colour = this.#live && !env['NO_COLOR'];
    this.#beatMs = options.beatMs ?? 30_000;
    this.#now = options.now ?? (() => performance.now());
  }

  async step<T>(name: string, work: (step: Step) => Promise<T> | T): Promise<T> {
    return await this.#run(undefined, name, work);
  }

  line(text: string): void {
    this.#clear();
    this.#stream.write(`${text}\n`);
    this.#draw();
  }

  running(): string[] {
    return [...this.#running]
      .filter((running) => running.children === 0)
      .map((running) => `${pathOf(running)} (${formatDuration(this.#now() - running.startedAt, 's')})${running.detail && `: ${running.detail}`}`);
  }

  close(): void {
    this.#clear();
    this.#running.clear();
    this.#tick();
  }

  async #run<T>(parent: Running | undefined, name: string, work: (step: Step) => Promise<T> | T): Promise<T> {
    const running: Running = { name, parent, startedAt: this.#now(), beats: 0, children: 0, detail: '', result: '' };
    this.#running.add(running);
    if (parent !== undefined) parent.children++;
    if (!this.#live) this.line(`… ${pathOf(running)}`);
    this.#tick();
    let mark = this.#paint('32', '✓');
    try {
      return await work({
        step: async (inner, task) => await this.#run(running, inner, task),
        line: (text) => this.line(text),
        detail: (text) => { running.detail = plain(text); },
        result: (text) => { running.result = plain(text); },
      });
    } catch (error) {
      mark = this.#paint('31', '✗');
      throw error;
    } finally {
      this.#running.delete(running);
      if (parent !== undefined) parent.children--;
      const shown = this.#live ? `${'  '.repeat(depthOf(running))}${mark} ${name}` : `${mark} ${pathOf(running)}`;
      this.line(`${shown} ${this.#paint('2', `(${formatDuration(this.#now() - running.startedAt)})`)}${running.result && `: ${running.result}`}`);
      this.#tick();
    }
  }

  /** Starts the timer with the first step and stops it with the last. */
  #tick(): void {
    if (this.#running.size === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    } else if (this.#timer === undefined) {
      const every = this.#live ? frameMs : Math.min(1000, this.#beatMs / 4);
      this.#timer = setInterval(() => (this.#live ? this.#draw() : this.#beat()), every);
      // Progress alone must not keep a process alive.
      this.#timer.unref();
    }
  }

  #beat(): void {
    for (const running of this.#running) {
      const elapsed = this.#now() - running.startedAt;
      const beats = Math.floor(elapsed / this.#beatMs);
      if (beats <= running.beats) continue;
      running.beats = beats;
      // A step with steps inside is heard through them.
      if (running.children > 0) continue;
      this.#stream.write(`… ${pathOf(running)}: still running after ${formatDuration(elapsed, 's')}${running.detail && `: ${running.detail}`}\n`);
    }
  }

  #draw(): void {
    if (!this.#live) return;
    const leaves = [...this.#running].filter((running) => running.children === 0);
    const shown = leaves.at(-1);
    if (shown === undefined) return;
    this.#frame = (this.#frame + 1) % frames.length;
    const others = leaves.length > 1 ? ` (and ${leaves.length - 1} more)` : '';
    const elapsed = formatDuration(Math.floor((this.#now() - shown.startedAt) / 1000) * 1000, 's');
    const text = `${pathOf(shown)} ${elapsed}${others}${shown.detail && `  ${shown.detail}`}`;
    // One column is left free: a full line would wrap, and only its last row would be cleared.
    const room = Math.max(10, (this.#stream.columns || 80) - 3);
    this.#stream.write(`\r\x1b[2K${this.#paint('36', frames[this.#frame]!)} ${[...text].slice(0, room).join('')}`);
    this.#drawn = true;
  }

  /** The cursor is never hidden, so a killed process leaves nothing to restore. */
  #clear(): void {
    if (!this.#drawn) return;
    this.#drawn = false;
    this.#stream.write('\r\x1b[2K');
  }

  #paint(style: string, text: string): string {
    return this.#colour ? `\x1b[${style}m${text}\x1b[0m` : text;
  }
}

const pathOf = (running: Running): string => (running.parent === undefined ? running.name : `${pathOf(running.parent)} › ${running.name}`);
const depthOf = (running: Running): number => (running.parent === undefined ? 0 : 1 + depthOf(running.parent));

/** The last line of what a program printed, without escape sequences: details come from other programs. */
function plain(text: string): string {
  const line = text.trimEnd().split(/[\r\n]/).at(-1) ?? '';
  return line.replace(/\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)?|.)/g, '').replace(/[\x00-\x1f\x7f]+/g, ' ').trim();
}
