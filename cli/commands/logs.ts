import { nameOption, wholeNumber } from '../options.ts';
import type { Register } from '../program.ts';

interface Flags {
  readonly name?: string;
  readonly follow?: boolean;
  readonly tail: number;
}

export const logs: Register = (program, io, run) => {
  program
    .command('logs')
    .description('what a node, a service, a Pod or a link has written, read on the node itself: also while the cloud cannot reach it')
    .argument('[what]', 'a node (worker2), a site (its link), a service (kubelet), or what the names of Pods begin with (coredns); without it, what there is')
    .addOption(nameOption('name of the cluster; may be left out when there is only one'))
    .option('-f, --follow', 'and what it goes on to write, until it is interrupted; a container that starts again has another log')
    .option('--tail <lines>', 'the last so many lines of each', wholeNumber(1, 1_000_000), 100)
    .addHelpText('after', '\nExamples:\n  edgeproof logs\n  edgeproof logs worker2 --follow\n  edgeproof logs edge-hub\n  edgeproof logs edge-tunnel-server --tail 20')
    .action(run(async (what: string | undefined, { name, follow = false, tail }: Flags) => {
      if (what !== undefined && follow) io.watchOnly?.();
      const [{ runningCluster }, { followLogs, showLogSources }] = await Promise.all([import('../running.ts'), import('../run/logs.ts')]);
      const running = await runningCluster(name, io.signal);
      if (what === undefined) return await showLogSources(running, io);
      await followLogs(running, what, { follow, lines: tail }, io);
    }));
};
