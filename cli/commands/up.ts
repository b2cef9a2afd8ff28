import { checkImplementation, chooseTopology, defaultImplementation, defaultName, defaultTopology, imagesOption, nameOption, topologyDescription, type UpOptions } from '../options.ts';
import type { Register } from '../program.ts';

export const up: Register = (program, io, run) => {
  program
    .command('up')
    .description('boot a cluster, install an implementation on it, and leave it running')
    .argument('[topology]', topologyDescription, defaultTopology)
    .addOption(nameOption('name of the cluster').default(defaultName))
    .option('--implementation <name>', 'what is installed: a folder of implementations/', defaultImplementation)
    .addOption(imagesOption())
    .addHelpText('after', '\nExamples:\n  edgeproof up\n  edgeproof up ./mine.yaml --name lab --implementation stock')
    .action(run(async (topology: string, options: Omit<UpOptions, 'topology' | 'topologyArgument'>) => {
      const checked: UpOptions = {
        name: options.name,
        ...(await chooseTopology(topology, io.cwd)),
        implementation: await checkImplementation(options.implementation),
        images: options.images,
      };
      const { up: upNow } = await import('../run/up.ts');
      return await upNow(checked, io);
    }));
};
