import { chooseCluster } from '../clusters.ts';
import { forceOption } from '../options.ts';
import type { Register } from '../program.ts';

export const uninstall: Register = (program, io, run) => {
  program
    .command('uninstall')
    .description('take the implementation out of a running cluster: plain Kubernetes remains')
    .argument('[name]', 'name of the cluster; may be left out when there is only one')
    .addOption(forceOption())
    .addHelpText('after', '\nExamples:\n  edgeproof uninstall\n  edgeproof uninstall lab')
    .action(run(async (name: string | undefined, flags: { force?: boolean }) => {
      const chosen = await chooseCluster(name);
      const { uninstallNow } = await import('../run/uninstall.ts');
      return await uninstallNow(chosen, flags, io);
    }));
};
