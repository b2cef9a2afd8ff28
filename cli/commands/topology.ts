import { printJson } from '../io.ts';
import { checkTopology, topologyDescription } from '../options.ts';
import type { Register } from '../program.ts';
import { table } from '../../core/table.ts';

/** Of a layout, what decides what may be asked of it. */
interface Row {
  readonly name: string;
  readonly description: string;
  readonly controlPlanes: number;
  readonly workers: number;
  readonly sites: Readonly<Record<string, number>>;
}

export const topology: Register = (program, io, run) => {
  const group = program
    .command('topology')
    .description('the layouts that clusters can have')
    .addHelpText('after', '\nExamples:\n  edgeproof topology list\n  edgeproof topology show two-sites > mine.yaml\n  edgeproof topology validate mine.yaml');
  group
    .command('list')
    .description('the layouts that ship with edgeproof')
    .option('--json', 'as JSON on stdout')
    .addHelpText('after', '\nExample:\n  edgeproof topology list --json')
    .action(run(async ({ json = false }: { json?: boolean }) => {
      const { topologyNames } = await import('../../topologies/load.ts');
      const rows = await Promise.all((await topologyNames()).map(async (name) => rowOf(await checkTopology(name, io.cwd))));
      if (json) return printJson(io, { topologies: rows });
      io.stdout.write(`${table(['topology', 'cloud', 'sites', 'for'], rows.map((row) => [row.name, cloudOf(row), sitesOf(row), row.description]))}\n`);
    }));
  group
    .command('show')
    .description('one layout with everything that it leaves to defaults, as YAML to start a file of your own from')
    .argument('<topology>', topologyDescription)
    .option('--json', 'as JSON on stdout')
    .addHelpText('after', '\nExamples:\n  edgeproof topology show two-sites > mine.yaml\n  edgeproof topology show mine.yaml --json')
    .action(run(async (named: string, { json = false }: { json?: boolean }) => {
      const shown = await checkTopology(named, io.cwd);
      if (json) return printJson(io, shown);
      const { stringify } = await import('yaml');
      io.stdout.write(stringify(shown));
    }));
  group
    .command('validate')
    .description('say whether files are layouts that can be booted, and of one that is not, everything that is wrong in it')
    .argument('<file...>', topologyDescription)
    .addHelpText('after', '\nExamples:\n  edgeproof topology validate mine.yaml\n  edgeproof topology validate ./layouts/*.yaml')
    .action(run(async (files: string[]) => {
      const { describeError, exitCodes, UsageError } = await import('../../core/errors.ts');
      let code: number = exitCodes.pass;
      for (const file of files) {
        try {
          const row = rowOf(await checkTopology(file, io.cwd));
          io.stdout.write(`${file}: can be booted: cloud ${cloudOf(row)}; sites ${sitesOf(row)}\n`);
        } catch (error) {
          // One file that cannot be used, or is not there, must not hide what is wrong in the next.
          if (!(error instanceof UsageError)) throw error;
          code = exitCodes.fail;
          io.stderr.write(`${file}: ${describeError(error)}\n`);
        }
      }
      return code;
    }));
};

const rowOf = ({ name, description, cloud, sites }: Awaited<ReturnType<typeof checkTopology>>): Row => ({
  name,
  description: description ?? '',
  controlPlanes: cloud.controlPlanes,
  workers: cloud.workers,
  sites: Object.fromEntries(sites.map((site) => [site.name, site.nodes.length])),
});

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;
const cloudOf = ({ controlPlanes, workers }: Row): string => `${counted(controlPlanes, 'control plane')}, ${counted(workers, 'worker')}`;
const sitesOf = ({ sites }: Row): string => Object.entries(sites).map(([name, nodes]) => `${name} ${nodes}`).join(', ');
