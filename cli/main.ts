import { describeError, EdgeproofError, exitCodeOf, exitCodes } from '../core/errors.ts';
import { createProgress } from '../core/progress.ts';
import { watchOwner } from '../core/owner.ts';
import { followsFrom, watchInterrupts } from './interrupts.ts';
import type { Io } from './io.ts';
import { runCli } from './program.ts';

const launcher = process.env['EDGEPROOF_LAUNCHER_FD'];
// For us, not for the programs that we start.
delete process.env['EDGEPROOF_LAUNCHER_FD'];

// A reader that went away (`edgeproof status | head`, a closed terminal) is no reason to leave a cluster behind.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
const reader = new AbortController();
process.stdout.on('error', () => reader.abort());

const progress = createProgress(process.stderr, { env: process.env });
const interrupts = watchInterrupts({
  signals: process,
  say: (line) => progress.line(line),
  running: () => progress.running(),
  leave: () => {
    progress.close();
    process.exit(interrupts.wasLeft ? exitCodes.pass : exitCodes.cannotTell);
  },
});
watchOwner(launcher, () => interrupts.interrupt('the end of its launcher'));

let crashed = false;
/** By what no verb has caught. */
let failed: number | undefined;
const crash = (error: unknown): void => {
  // A machine that has run out of something is no bug, and what an interruption ends no news. Any other error of our own that gets here nobody has awaited.
  const isBug = error instanceof EdgeproofError ? !(interrupts.signal.aborted && followsFrom(error, interrupts.signal.reason)) : exitCodeOf(error) === exitCodes.crash;
  if (!isBug) return void (failed = tell(error));
  crashed = true;
  progress.line(`edgeproof crashed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}
This is a bug in edgeproof. Please report it in edgeproof's issue tracker, with the lines above, the command, and what "edgeproof doctor --json" prints.`);
};
// A stray error must not skip the clean-up of what is running.
process.on('uncaughtException', (error) => {
  crash(error);
  interrupts.interrupt(crashed ? 'a crash' : 'an error that nobody caught');
});

const io: Io = { stdout: process.stdout, stderr: process.stderr, env: process.env, cwd: process.cwd(), signal: interrupts.signal, unread: reader.signal, watchOnly: interrupts.watchOnly, progress };
let code: number;
try {
  code = await runCli(process.argv.slice(2), io);
} catch (error) {
  code = tell(error);
}
progress.close();
await Promise.all([process.stdout, process.stderr].map(async (stream) => await new Promise((resolve) => stream.write('', resolve))));
process.exit(crashed ? exitCodes.crash : (failed ?? code));

function tell(error: unknown): number {
  // What failed because of the interruption says nothing new.
  if (interrupts.signal.aborted && followsFrom(error, interrupts.signal.reason)) {
    if (interrupts.wasLeft) return exitCodes.pass;
    progress.line(`edgeproof: ${describeError(interrupts.signal.reason)}`);
    return exitCodes.cannotTell;
  }
  const exitCode = exitCodeOf(error);
  if (exitCode === exitCodes.crash) crash(error);
  else progress.line(`edgeproof: ${describeError(error)}`);
  return exitCode;
}
