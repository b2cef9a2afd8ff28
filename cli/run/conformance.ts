import parseTags from '@cucumber/tag-expressions';
import { UsageError } from '../../core/errors.ts';
import { loadImplementation } from '../../implementations/load.ts';
import { loadCatalogue, type Scenario } from '../../features/catalogue.ts';
import { aboutRun, withoutSoak } from '../../features/soak.ts';
import type { Io } from '../io.ts';
import type { ConformanceOptions } from '../options.ts';
import { gradedRun } from './graded-run.ts';
import { commandLine } from './command-line.ts';
import { selectionOf } from './selection.ts';

/** `edgeproof conformance`: the scenarios of what the implementation claims. @throws UsageError when nothing is to be graded, or when it cannot be done so often */
export async function runConformance(options: ConformanceOptions, io: Io): Promise<number> {
  const catalogue = await loadCatalogue();
  const claimed = selectionOf(await loadImplementation(options.implementation), options.tags, aboutRun(catalogue, options.tags));
  const selection = withoutSoak(catalogue, options.tags, claimed);
  if (options.repeat > 1) demandRepeatable(catalogue, selection);
  return await gradedRun({ ...options, mode: 'conformance', selection, reproduce: commandLine('conformance', options) }, io);
}

/** All rounds are on one cluster, and one that has ended what is graded would have the next find everything broken. @throws UsageError */
function demandRepeatable(catalogue: readonly Scenario[], selection: string): void {
  const wanted = parseTags(selection);
  const last = catalogue.find(({ tags }) => tags.includes('@last') && wanted.evaluate([...tags]));
  if (last !== undefined) throw new UsageError(`nothing can follow ${last.promise} on a cluster, so it cannot be repeated there`, { next: `leave it out, --tags '… and not @${last.promise}', or run it by itself, each time without --repeat` });
}
