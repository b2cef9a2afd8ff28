import { BroadcastChannel, isMainThread } from 'node:worker_threads';
import { CannotTellError, exitCodes } from '../../core/errors.ts';
import { watchOwner } from '../../core/owner.ts';

/** Aborted when the run is told to stop. Clean-up does not listen to it: it has its own deadline. */
export const interruption = new AbortController();
const interrupt = (name: string): void => interruption.abort(new CannotTellError('INTERRUPTED', `the run was interrupted (${name})`));
// Scenarios run in worker threads, and only the main thread hears signals. A worker that starts after one asks for it.
const signals = new BroadcastChannel('edgeproof-signals');
const question = 'was there a signal?';
if (isMainThread) {
  let heard: string | undefined;
  signals.onmessage = () => { if (heard !== undefined) signals.postMessage(heard); };
  const stop = (why: string): void => {
    if (heard !== undefined) return;
    heard = why;
    interrupt(why);
    signals.postMessage(why);
    // To Cucumber a scenario that was skipped has passed, and so has a run that was told to stop.
    process.once('exit', () => { process.exitCode = exitCodes.cannotTell; });
  };
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop(name));
  const owner = process.env['EDGEPROOF_OWNER_FD'];
  // For us, not for the programs that we start.
  delete process.env['EDGEPROOF_OWNER_FD'];
  watchOwner(owner, () => stop('the end of edgeproof'));
} else {
  signals.onmessage = ({ data }) => { if (data !== question) interrupt(String(data)); };
  signals.postMessage(question);
}
signals.unref();
