import { checkImplementation, checkTags, checkTopology, defaultImplementation, defaultTopology, imagesOption, nameOption, topologyDescription, type ConformanceOptions } from '../options.ts';
import type { Register } from '../program.ts';

type Flags = Omit<ConformanceOptions, 'topology' | 'topologyArgument' | 'keep'> & { readonly topology: string; readonly keep?: boolean };

export const conformance: Register = (program, io, run) => {
  program
    .command('conformance')
    .description('boot a cluster, grade an implementation by the features, write the report, tear down')
    .option('--topology <topology>', topologyDescription, defaultTopology)
    .option('--implementation <name>', 'what is graded: a folder of implementations/', defaultImplementation)
    .option('--tags <expression>', "only these scenarios, for example '@tunnel and not @baseline'")
    .addOption(nameOption('name of the cluster'))
    .option('--keep', 'leave the cluster running at the end')
    .addOption(imagesOption())
    .addHelpText('after', "\nExamples:\n  edgeproof conformance\n  edgeproof conformance --implementation stock --tags '@lifecycle' --keep")
    .action(run(async ({ topology, implementation, tags, name, keep = false, images }: Flags) => {
      const checked: ConformanceOptions = {
        topology: await checkTopology(topology, io.cwd),
        topologyArgument: topology,
        implementation: await checkImplementation(implementation),
        ...(tags !== undefined && { tags: await checkTags(tags) }),
        ...(name !== undefined && { name }),
        keep,
        images,
      };
      const { runConformance } = await import('../run/conformance.ts');
      return await runConformance(checked, io);
    }));
};
