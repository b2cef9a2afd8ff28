import { UsageError } from '../../core/errors.ts';
import { checkImplementation, checkTags, chooseTopology, clusterName, defaultImplementation, defaultTopology, roundOptions, topologyDescription, type ConformanceOptions } from '../options.ts';
import type { Io } from '../io.ts';
import type { Register } from '../program.ts';

interface Flags extends Pick<ConformanceOptions, 'tags' | 'name' | 'images' | 'repeat'> {
  readonly topology?: string;
  readonly implementation?: string;
  readonly cluster?: string;
  readonly rerunFailed?: boolean;
  readonly failFast?: boolean;
  readonly keep?: boolean;
}

export const conformance: Register = (program, io, run) => {
  const command = program
    .command('conformance')
    .description('boot a cluster, grade an implementation by the features, write the report, tear down')
    .option('--topology <topology>', `${topologyDescription} (default: "${defaultTopology}")`)
    .option('--implementation <name>', `what is graded: a folder of implementations/ (default: "${defaultImplementation}")`)
    .option('--cluster <name>', 'grade this cluster, which runs already and stays, instead of one of its own', clusterName)
    .option('--tags <expression>', "only these scenarios, for example '@tunnel and not @baseline'")
    .option('--rerun-failed', 'only the promises that the latest run did not see kept');
  roundOptions(command)
    .addHelpText('after', "\nExamples:\n  edgeproof conformance\n  edgeproof conformance --implementation stock --tags '@lifecycle' --keep\n  edgeproof conformance --cluster dev --tags @tunnel-logs\n  edgeproof conformance --rerun-failed --repeat 10")
    .action(run(async (flags: Flags) => {
      const { name, keep = false, failFast = false, images, repeat } = flags;
      const tags = await tagsOf(flags, io);
      const checked: ConformanceOptions = { ...(await whatIsGraded(flags, io)), ...(tags !== undefined && { tags }), ...(name !== undefined && { name }), keep, images, repeat, failFast };
      const { runConformance } = await import('../run/conformance.ts');
      return await runConformance(checked, io);
    }));
};

/** @throws UsageError; TopologyError */
async function whatIsGraded({ cluster: named, topology, implementation, name }: Flags, { cwd, signal }: Pick<Io, 'cwd' | 'signal'>): Promise<Pick<ConformanceOptions, 'topology' | 'topologyArgument' | 'implementation' | 'cluster'>> {
  if (named === undefined) {
    return { ...(await chooseTopology(topology ?? defaultTopology, cwd)), implementation: await checkImplementation(implementation ?? defaultImplementation) };
  }
  const given = Object.entries({ '--topology': topology, '--implementation': implementation, '--name': name }).filter(([, value]) => value !== undefined).map(([flag]) => flag);
  if (given.length > 0) throw new UsageError(`--cluster and ${given.join(', ')} exclude each other`, { next: 'that cluster is what it is already, and stays' });
  const { gradableCluster } = await import('../run/gradable-cluster.ts');
  const cluster = await gradableCluster(named, signal);
  return { topology: cluster.topology, topologyArgument: cluster.topologyArgument ?? cluster.topology.name, implementation: cluster.implementation, cluster };
}

async function tagsOf({ tags, rerunFailed = false }: Flags, io: Io): Promise<string | undefined> {
  if (rerunFailed && tags !== undefined) throw new UsageError('--tags and --rerun-failed exclude each other', { next: 'give one of them' });
  if (!rerunFailed) return tags === undefined ? undefined : await checkTags(tags);
  const { tagsOfFailed } = await import('../run/failed-before.ts');
  const failed = await tagsOfFailed();
  io.progress.line(`Again what ${failed.run} did not see kept: ${failed.tags}`);
  return await checkTags(failed.tags);
}
