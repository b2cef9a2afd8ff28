import { CannotTellError, EdgeproofError } from '../core/errors.ts';

/** The part of `process` that is needed. */
interface Signals {
  on(signal: NodeJS.Signals, listener: () => void): unknown;
  off(signal: NodeJS.Signals, listener: () => void): unknown;
}

export interface InterruptOptions {
  readonly signals: Signals;
  readonly say: (line: string) => void;
  /** What is at work right now, one line each. */
  readonly running: () => string[];
  /** Ends the process at once. */
  readonly leave: () => void;
}

/** Somebody asked edgeproof to stop: exit 2. */
export class InterruptedError extends CannotTellError {
  constructor(by: string) {
    super('INTERRUPTED', `interrupted by ${by}`);
  }
}

export interface Interrupts extends Disposable {
  readonly signal: AbortSignal;
  /** Stops as a first signal would; later calls do nothing. */
  interrupt(by: string): void;
  /** From now on to interrupt is how one leaves: nothing is said, and a second signal leaves at once. */
  watchOnly(): void;
  /** Whether it was interrupted while it only watched: that is no failure. */
  readonly wasLeft: boolean;
}

const watched = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const leftover = '"edgeproof down --all" removes whatever stays behind';

/**
 * The first signal aborts, and clean-up runs; the second says what is being cleaned up; the third leaves at once. Of what only watches
 * (`status --watch`) there is nothing to clean up.
 */
export function watchInterrupts({ signals, say, running, leave }: InterruptOptions): Interrupts {
  const abort = new AbortController();
  let count = 0;
  let onlyWatches = false;
  const interrupt = (by: string): void => {
    if (abort.signal.aborted) return;
    abort.abort(new InterruptedError(by));
    if (!onlyWatches) say(`Interrupted by ${by}: cleaning up. A second Ctrl-C says what is being cleaned up.`);
  };
  const listeners = watched.map((name) => {
    const listener = (): void => {
      count++;
      if (!abort.signal.aborted) return interrupt(name === 'SIGINT' ? 'Ctrl-C (SIGINT)' : name);
      if (onlyWatches) return leave();
      if (count >= 3) {
        say(`Left without cleaning up: ${leftover}.`);
        return leave();
      }
      const work = running();
      say(`Still cleaning up${work.length === 0 ? '' : `: ${work.join('; ')}`}. Another Ctrl-C leaves at once; ${leftover}.`);
    };
    signals.on(name, listener);
    return [name, listener] as const;
  });
  return {
    signal: abort.signal,
    interrupt,
    watchOnly: () => { onlyWatches = true; },
    get wasLeft() { return onlyWatches && abort.signal.aborted; },
    [Symbol.dispose]: () => { for (const [name, listener] of listeners) signals.off(name, listener); },
  };
}

/** Whether an error is what an aborted signal makes of the work that listens to it. */
export function followsFrom(error: unknown, reason: unknown): boolean {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    if (at === reason || at.name === 'AbortError' || (at instanceof EdgeproofError && at.code === 'EXEC_ABORTED')) return true;
  }
  return false;
}
