import { loadImplementation } from '../../implementations/load.ts';
import parseTags from '@cucumber/tag-expressions';
import type { Capability } from '../../core/capabilities.ts';
import { UsageError } from '../../core/errors.ts';
import { loadCatalogue } from '../../features/catalogue.ts';
import type { Io } from '../io.ts';
import type { ConformanceOptions } from '../options.ts';
import { gradedRun } from './graded-run.ts';
import { commandLine } from './command-line.ts';

/** `edgeproof conformance`: the scenarios of what the implementation claims. */
export async function runConformance(options: ConformanceOptions, io: Io): Promise<number> {
  const { claims } = await loadImplementation(options.implementation);
  // Said before a cluster is booted for nothing.
  if (options.tags !== undefined && !(await selects(options.tags, claims))) {
    throw new UsageError(`--tags '${options.tags}' selects only what ${options.implementation} does not claim; it claims ${claims.join(', ')}`, {
      next: 'docs/promises.md lists the scenarios by capability',
    });
  }
  const claimed = claims.map((capability) => `@${capability}`).join(' or ');
  const selection = options.tags === undefined ? claimed : `(${claimed}) and (${options.tags})`;
  return await gradedRun({ ...options, mode: 'conformance', selection, reproduce: commandLine('conformance', options) }, io);
}

async function selects(tags: string, claims: readonly Capability[]): Promise<boolean> {
  const expression = parseTags(tags);
  return (await loadCatalogue()).some((scenario) => claims.includes(scenario.capability) && expression.evaluate([...scenario.tags]));
}
