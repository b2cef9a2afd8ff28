import { StartedProgram } from '../../core/started-program.ts';

/**
 * Runs a shell script on a terminal of its own: `script` (util-linux) makes one, and writes what appears on it to a file
 * as it appears.
 */
export const onTerminal = (shellScript: string, env: Readonly<Record<string, string>>, transcript: string): StartedProgram =>
  new StartedProgram(['script', '--quiet', '--flush', '--return', '--command', shellScript, transcript], { env: { ...env, SHELL: '/bin/sh' }, input: 'open' });
