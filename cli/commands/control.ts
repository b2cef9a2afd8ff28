import { checkTags, checkTopology, controlTopology, imagesOption, nameOption, topologyDescription, type ControlOptions } from '../options.ts';
import type { Register } from '../program.ts';

type Flags = Omit<ControlOptions, 'topology' | 'topologyArgument' | 'keep'> & { readonly topology: string; readonly keep?: boolean };

export const control: Register = (program, io, run) => {
  program
    .command('control')
    .description('the negative control: all features on plain Kubernetes, each of which must do what its tags say')
    .option('--topology <topology>', topologyDescription, controlTopology)
    .option('--tags <expression>', "only these scenarios, for example '@autonomy and not @baseline'")
    .addOption(nameOption('name of the cluster'))
    .option('--keep', 'leave the cluster running at the end')
    .addOption(imagesOption())
    .addHelpText('after', '\nA topology without two sites, or without a site of two nodes, skips scenarios: the control then cannot tell (exit 2).\n\nExample:\n  edgeproof control --keep')
    .action(run(async ({ topology, tags, name, keep = false, images }: Flags) => {
      const checked: ControlOptions = {
        topology: await checkTopology(topology, io.cwd),
        topologyArgument: topology,
        ...(tags !== undefined && { tags: await checkTags(tags) }),
        ...(name !== undefined && { name }),
        keep,
        images,
      };
      const { runControl } = await import('../run/control.ts');
      return await runControl(checked, io);
    }));
};
