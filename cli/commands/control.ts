import { checkTags, chooseTopology, controlTopology, roundOptions, topologyDescription, type ControlOptions } from '../options.ts';
import type { Register } from '../program.ts';

type Flags = Omit<ControlOptions, 'topology' | 'topologyArgument' | 'keep' | 'failFast'> & { readonly topology: string; readonly keep?: boolean; readonly failFast?: boolean };

export const control: Register = (program, io, run) => {
  const command = program
    .command('control')
    .description('the negative control: all features on plain Kubernetes, each of which must do what its tags say')
    .option('--topology <topology>', topologyDescription, controlTopology)
    .option('--tags <expression>', "only these scenarios, for example '@autonomy and not @baseline'");
  roundOptions(command)
    .addHelpText('after', '\nA topology without two sites, or without a site of two nodes, skips scenarios: the control then cannot tell (exit 2).\n\nExample:\n  edgeproof control --keep')
    .action(run(async ({ topology, tags, name, keep = false, failFast = false, images, repeat }: Flags) => {
      const checked: ControlOptions = {
        ...(await chooseTopology(topology, io.cwd)),
        ...(tags !== undefined && { tags: await checkTags(tags) }),
        ...(name !== undefined && { name }),
        keep,
        images,
        repeat,
        failFast,
      };
      const { runControl } = await import('../run/control.ts');
      return await runControl(checked, io);
    }));
};
