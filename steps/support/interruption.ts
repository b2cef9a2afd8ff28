import { BroadcastChannel, isMainThread } from 'node:worker_threads';
import { CannotTellError, exitCodes } from '../../core/errors.ts';

/** Aborted when the run is told to stop. Clean-up does not listen to it: it has its own deadline. */
export const interruption = new AbortController();
const interrupt = (name: string): void => interruption.abort(new CannotTellError('INTERRUPTED', `the run was interrupted (${name})`));
// Scenarios run in worker threads, and only the main thread hears signals. A worker that starts after one asks for it.
const signals = new BroadcastChannel('edgeproof-signals');
const question = 'was there a signal?';
if (isMainThread) {
  let heard: string | undefined;
  signals.onmessage = () => { if (heard !== undefined) signals.postMessage(heard); };
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.once(name, () => {
      heard = name;
      interrupt(name);
      signals.postMessage(name);
      // To Cucumber a scenario that was skipped has passed, and so has a run that was told to stop.
      process.once('exit', () => { process.exitCode = exitCodes.cannotTell; });
    });
  }
} else {
  signals.onmessage = ({ data }) => { if (data !== question) interrupt(String(data)); };
  signals.postMessage(question);
}
signals.unref();
