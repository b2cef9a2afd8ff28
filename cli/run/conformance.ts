import { loadImplementation } from '../../implementations/load.ts';
import { loadCatalogue } from '../../features/catalogue.ts';
import { aboutRun, withoutSoak } from '../../features/soak.ts';
import type { Io } from '../io.ts';
import type { ConformanceOptions } from '../options.ts';
import { gradedRun } from './graded-run.ts';
import { commandLine } from './command-line.ts';
import { selectionOf } from './selection.ts';

/** `edgeproof conformance`: the scenarios of what the implementation claims. */
export async function runConformance(options: ConformanceOptions, io: Io): Promise<number> {
  const catalogue = await loadCatalogue();
  const selection = selectionOf(await loadImplementation(options.implementation), options.tags, aboutRun(catalogue, options.tags));
  return await gradedRun({ ...options, mode: 'conformance', selection: withoutSoak(catalogue, options.tags, selection), reproduce: commandLine('conformance', options) }, io);
}
