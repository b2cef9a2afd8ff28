import { describeError, exitCodeOf } from '../../../core/errors.ts';

/** Runs a component until it returns; SIGTERM and SIGINT abort it once, in order. Errors go to stderr, and the exit code says of which kind. */
export async function runMain(name: string, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const abort = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => abort.abort(new Error(`${name} got ${signal}`)));
  try {
    await work(abort.signal);
    process.exit(0);
  } catch (error) {
    if (abort.signal.aborted && error === abort.signal.reason) process.exit(0);
    process.stderr.write(`${name}: ${describeError(error)}\n${error instanceof Error && exitCodeOf(error) === 255 ? `${error.stack}\n` : ''}`);
    process.exit(exitCodeOf(error));
  }
}
