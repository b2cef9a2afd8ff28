import { withoutSoak } from '../../features/soak.ts';
import type { Io } from '../io.ts';
import type { ControlOptions } from '../options.ts';
import { commandLine } from './command-line.ts';
import { gradedRun } from './graded-run.ts';

/** `edgeproof control`: every scenario on plain Kubernetes that the tags select, whatever that claims. */
export async function runControl(options: ControlOptions, io: Io): Promise<number> {
  const reproduce = commandLine('control', options);
  return await gradedRun({ ...options, implementation: 'stock', mode: 'control', selection: withoutSoak(options.tags), reproduce }, io);
}
