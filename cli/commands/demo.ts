import { resolve } from 'node:path';
import { clusterName, imagesOption, type DemoOptions } from '../options.ts';
import type { Register } from '../program.ts';

interface Flags extends Pick<DemoOptions, 'record' | 'images'> {
  readonly cluster?: string;
  readonly keep?: boolean;
}

export const demo: Register = (program, io, run) => {
  program
    .command('demo')
    .description('watch one promise being tried: a site loses the cloud and its power, and is itself again')
    .option('--cluster <name>', 'on this cluster, which runs already and stays, instead of one of its own', clusterName)
    .option('--record <file>', 'also write what is told, with its times, as an asciicast (asciinema play FILE)')
    .option('--keep', 'leave the cluster running at the end, as a failure left it')
    .addOption(imagesOption())
    .addHelpText('after', '\nIt is the scenario @identity-flagship, told while it runs. The report of it is written as by "edgeproof conformance", whose exit codes it has.\n\nExamples:\n  edgeproof demo\n  edgeproof demo --cluster dev              on the cluster that "edgeproof up" has made\n  edgeproof demo --record /tmp/demo.cast')
    .action(run(async ({ cluster: named, record, keep = false, images }: Flags) => {
      const { runDemo } = await import('../run/demo.ts');
      const { gradableCluster } = await import('../run/gradable-cluster.ts');
      const cluster = named === undefined ? undefined : await gradableCluster(named, io.signal);
      const checked: DemoOptions = { ...(cluster !== undefined && { cluster }), ...(record !== undefined && { record: resolve(io.cwd, record) }), keep, images };
      return await runDemo(checked, io);
    }));
};
