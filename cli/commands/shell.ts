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
      const program = argv.length === 0 ? ['bash', '-l'] : argv;
      if (process.stdin.isTTY === true && process.stdout.isTTY === true) return await runInForeground(['docker', 'exec', '--interactive', '--tty', node.name, ...program], { env: docker.env, signal: io.signal });
      // Docker does not end what it runs in a container when its own command line is ended: its process id is left for whoever does.
      const pidFile = `/run/edgeproof-shell-${process.pid}`;
      try {
        return await runInForeground(['docker', 'exec', '--interactive', node.name, 'sh', '-c', 'echo $$ > "$1"; shift; exec "$@"', 'sh', pidFile, ...program], { env: docker.env, signal: io.signal });
      } finally {
        const end = io.signal.aborted ? 'kill "$(cat "$1")"; ' : '';
        await docker.exec(node.name, ['sh', '-c', `${end}rm -f "$1"`, 'sh', pidFile], { accept: 'any', timeoutMs: 10_000 });
      }
    }));
};
