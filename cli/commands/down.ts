import { UsageError } from '../../core/errors.ts';
import { chooseCluster } from '../clusters.ts';
import { clusterName, forceOption, type DownOptions } from '../options.ts';
import type { Register } from '../program.ts';

export const down: Register = (program, io, run) => {
  program
    .command('down')
    .description('remove a cluster and everything of it, or everything that edgeproof ever started')
    .argument('[name]', 'name of the cluster; may be left out when there is only one', clusterName)
    .option('--all', 'all clusters, whatever a killed edgeproof left behind, and its own Docker engine')
    .addOption(forceOption())
    .addHelpText('after', '\nExamples:\n  edgeproof down\n  edgeproof down --all')
    .action(run(async (name: string | undefined, { all = false, force = false }: { all?: boolean; force?: boolean }) => {
      if (all && name !== undefined) throw new UsageError(`"${name}" and --all exclude each other`, { next: 'give one of them' });
      // A name is not looked up: of a boot that was killed there may be containers and no record.
      const options: DownOptions = all ? { all, force } : { force, name: name ?? (await chooseCluster(undefined)) };
      const { down: downNow } = await import('../run/down.ts');
      return await downNow(options, io);
    }));
};
