import { checkImplementation, defaultImplementation, imagesOption, type ImagesBuildOptions } from '../options.ts';
import type { Register } from '../program.ts';

const load = async (): Promise<typeof import('../run/images.ts')> => await import('../run/images.ts');

export const images: Register = (program, io, run) => {
  const group = program
    .command('images')
    .description('the images and programs that clusters are made of')
    .addHelpText('after', '\nExamples:\n  edgeproof images list\n  edgeproof images build --images build');
  group
    .command('build')
    .description('make sure that all images are there, pulling or building what is missing')
    .option('--implementation <name>', 'whose images, besides the plain ones: a folder of implementations/', defaultImplementation)
    .addOption(imagesOption())
    .addHelpText('after', '\nExample:\n  edgeproof images build --images build')
    .action(run(async (options: ImagesBuildOptions) => {
      await checkImplementation(options.implementation);
      return await (await load()).imagesBuild(options, io);
    }));
  group
    .command('export')
    .description('write all that clusters are made of into one file, for a machine without a network')
    .argument('<file>', 'compressed when it ends in .gz or .tgz')
    .addOption(imagesOption())
    .addHelpText('after', '\nExample:\n  edgeproof images export edgeproof-images.tgz')
    .action(run(async (file: string, options: Pick<ImagesBuildOptions, 'images'>) => await (await load()).imagesExport(file, options, io)));
  group
    .command('import')
    .description('take them from such a file: it is checked whole before any of it is used')
    .argument('<file>', 'what edgeproof images export made')
    .addHelpText('after', '\nExample:\n  edgeproof images import edgeproof-images.tgz')
    .action(run(async (file: string) => await (await load()).imagesImport(file, io)));
  group
    .command('list')
    .description('what is there, how big it is, and what is missing')
    .option('--json', 'as JSON on stdout')
    .addHelpText('after', '\nExample:\n  edgeproof images list --json')
    .action(run(async ({ json = false }: { json?: boolean }) => await (await load()).imagesList({ json }, io)));
};
