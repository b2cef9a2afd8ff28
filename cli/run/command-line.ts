import { controlTopology, defaultImplementation, defaultTopology, type ConformanceOptions, type ControlOptions } from '../options.ts';

/** One command that does a run again, from the root of the repository. */
export function commandLine(verb: 'conformance' | 'control', options: ControlOptions | ConformanceOptions): string {
  const flags = [
    ...(options.topologyArgument === (verb === 'control' ? controlTopology : defaultTopology) ? [] : ['--topology', options.topologyArgument]),
    ...('implementation' in options && options.implementation !== defaultImplementation ? ['--implementation', options.implementation] : []),
    ...('tags' in options && options.tags !== undefined ? ['--tags', options.tags] : []),
  ].map(quoted);
  return [`npm run ${verb}`, ...(flags.length > 0 ? ['--', ...flags] : [])].join(' ');
}

/** A word as a shell takes it. */
export const quoted = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);
