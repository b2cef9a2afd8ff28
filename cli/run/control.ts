import { loadCatalogue } from '../../features/catalogue.ts';
import { withoutSoak } from '../../features/soak.ts';
import type { Io } from '../io.ts';
import type { ControlOptions } from '../options.ts';
import { commandLine } from './command-line.ts';
import { gradedRun } from './graded-run.ts';

/** `edgeproof control`: every scenario on plain Kubernetes that the tags select, whatever that claims. */
export async function runControl(options: ControlOptions, io: Io): Promise<number> {
  const selection = withoutSoak(await loadCatalogue(), options.tags);
  return await gradedRun({ ...options, implementation: 'stock', mode: 'control', selection, reproduce: commandLine('control', options) }, io);
}
