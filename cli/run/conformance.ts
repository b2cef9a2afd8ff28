import { loadImplementation } from '../../implementations/load.ts';
import type { Io } from '../io.ts';
import type { ConformanceOptions } from '../options.ts';
import { gradedRun } from './graded-run.ts';
import { commandLine } from './command-line.ts';

/** `edgeproof conformance`: the scenarios of what the implementation claims. */
export async function runConformance(options: ConformanceOptions, io: Io): Promise<number> {
  const { claims } = await loadImplementation(options.implementation);
  const claimed = claims.map((capability) => `@${capability}`).join(' or ');
  const selection = options.tags === undefined ? claimed : `(${claimed}) and (${options.tags})`;
  return await gradedRun({ ...options, mode: 'conformance', selection, reproduce: commandLine('conformance', options) }, io);
}
