import { nameOption } from '../options.ts';
import type { Register } from '../program.ts';

export const shell: Register = (program, io, run) => {
  program
    .command('shell')
    .description('a shell on a node, also while the cloud cannot reach it; or one program there')
    .argument('<node>', 'its name, with or without that of its cluster')
    .argument('[program...]', 'after --: what to run there instead of a shell')
    .addOption(nameOption('name of the cluster; may be left out when there is only one'))
    .addHelpText('after', '\nExamples:\n  edgeproof shell worker2\n  edgeproof shell worker2 -- crictl ps\n  edgeproof shell worker2 -- edge-hub status')
    .action(run(async (named: string, argv: string[], { name }: { name?: string }) => {
      const [{ runningCluster }, { chooseNode }, { runInForeground }] = await Promise.all([import('../running.ts'), import('../nodes.ts'), import('../../core/foreground.ts')]);
      const { cluster, docker } = await runningCluster(name, io.signal);
      const node = chooseNode(cluster, named);
      // A terminal is lent only where there is one: a pipe's bytes must pass as they are.
      const terminal = process.stdin.isTTY === true && process.stdout.isTTY === true ? ['--tty'] : [];
      return await runInForeground(['docker', 'exec', '--interactive', ...terminal, node.name, ...(argv.length === 0 ? ['bash', '-l'] : argv)], { env: docker.env, signal: io.signal });
    }));
};
