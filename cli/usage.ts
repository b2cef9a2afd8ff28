import { CommanderError, type Command } from 'commander';
import { UsageError } from '../core/errors.ts';
import { suggest } from '../core/suggest.ts';

/** Commander throws to end after help or a version too: 0 when that was asked for, 1 when a verb is missing. */
export const isHelpShown = (error: CommanderError): boolean => ['commander.help', 'commander.helpDisplayed', 'commander.version'].includes(error.code);

/** Commander answers an unknown verb with help when --help is there too. @throws UsageError */
export function checkVerb(program: Command, args: readonly string[]): void {
  const { command, verb, rest } = verbOf(program, args);
  const [typed] = rest;
  // What has verbs and takes arguments too (`report`) says by itself what it does not know.
  if (typed !== undefined && !typed.startsWith('-') && command.commands.length > 0 && command.registeredArguments.length === 0) throw usageError(`unknown verb '${typed}'`, command, verb);
}

/** Commander's errors in the form of our own: what is wrong, what may be meant, where help is. */
export function asUsageError(error: CommanderError, program: Command, args: readonly string[]): UsageError {
  const { command, verb } = verbOf(program, args);
  return usageError((error.message.replace(/^error: /, '').split('\n')[0] ?? '').replace(/\.$/, ''), command, verb);
}

function usageError(what: string, command: Command, verb: string): UsageError {
  const typed = /^unknown (?:verb|option) '([^'=]+)/.exec(what)?.[1];
  const known = typed?.startsWith('-') ? command.options.flatMap(({ long }) => long ?? []) : command.commands.map((one) => one.name());
  const meant = typed === undefined ? undefined : suggest(typed, known);
  return new UsageError(`${what}${meant === undefined ? '' : `; did you mean ${meant}?`}`, { next: `see edgeproof ${verb}--help` });
}

/** The verb (`fault inject `) that a command line names, as far as there is one, and what follows it. */
function verbOf(program: Command, args: readonly string[]): { command: Command; verb: string; rest: readonly string[] } {
  let command = program;
  let verb = '';
  let depth = 0;
  for (const arg of args) {
    const next = command.commands.find((one) => one.name() === arg);
    if (next === undefined) break;
    command = next;
    verb += `${arg} `;
    depth++;
  }
  return { command, verb, rest: args.slice(depth) };
}
