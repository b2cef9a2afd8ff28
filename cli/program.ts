import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { exitCodes } from '../core/errors.ts';
import { repositoryRoot } from '../core/paths.ts';
import { bench } from './commands/bench.ts';
import { conformance } from './commands/conformance.ts';
import { control } from './commands/control.ts';
import { doctor } from './commands/doctor.ts';
import { down } from './commands/down.ts';
import { fault } from './commands/fault.ts';
import { images } from './commands/images.ts';
import { kubeconfig } from './commands/kubeconfig.ts';
import { logs } from './commands/logs.ts';
import { report } from './commands/report.ts';
import { shell } from './commands/shell.ts';
import { status } from './commands/status.ts';
import { topology } from './commands/topology.ts';
import { uninstall } from './commands/uninstall.ts';
import { up } from './commands/up.ts';
import type { Io } from './io.ts';
import { asUsageError, checkVerb, isHelpShown } from './usage.ts';

/** What a verb does; gives the exit code, 0 when it gives none. */
export type Action<Args extends unknown[]> = (...args: Args) => Promise<number | void>;

/** Wraps a verb's work so that its exit code reaches `runCli`. */
export type Run = <Args extends unknown[]>(action: Action<Args>) => (...args: Args) => Promise<void>;

export type Register = (program: Command, io: Io, run: Run) => void;

// In the order of a first day: look, boot, break, grade, read.
const verbs: readonly Register[] = [doctor, images, topology, up, status, kubeconfig, shell, logs, fault, uninstall, down, conformance, control, report, bench];

/**
 * Runs a command line.
 *
 * @param args without node and script
 * @returns the exit code
 * @throws UsageError for what cannot be meant; whatever the verb throws
 */
export async function runCli(args: readonly string[], io: Io): Promise<number> {
  let code: number = exitCodes.pass;
  const run: Run = (action) => async (...rest) => {
    code = (await action(...rest)) ?? exitCodes.pass;
  };
  const program = buildProgram(io, run);
  const line = args[0] === 'help' ? [...args.slice(1), '--help'] : [...args];
  checkVerb(program, line);
  try {
    await program.parseAsync(line, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (isHelpShown(error)) return error.exitCode === 0 ? exitCodes.pass : exitCodes.usage;
    throw asUsageError(error, program, line);
  }
  return code;
}

function buildProgram(io: Io, run: Run): Command {
  const { version, description } = JSON.parse(readFileSync(join(repositoryRoot, 'package.json'), 'utf8')) as { version: string; description: string };
  const program = new Command('edgeproof');
  program
    .description(description)
    .version(version, '--version', 'the version of edgeproof')
    .exitOverride()
    .helpCommand(false)
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
      // Errors are told once, by main, in one form for all kinds.
      outputError: () => {},
      getOutHelpWidth: () => io.stdout.columns ?? 100,
      getErrHelpWidth: () => io.stderr.columns ?? 100,
    })
    .addHelpText('after', `
Examples:
  edgeproof doctor              what this machine has, and what is missing
  edgeproof conformance         boot, grade, report, tear down
  edgeproof up two-sites        a cluster to work on; "edgeproof down" removes it
  edgeproof up --help           what a verb takes

Exit codes: 0 pass, 1 fail, 2 could not tell, 254 bad usage, 255 crash.
EDGEPROOF_HOME moves what is kept between runs (default: ~/.cache/edgeproof).`);
  for (const register of verbs) register(program, io, run);
  return program;
}
