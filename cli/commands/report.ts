import { printJson } from '../io.ts';
import type { Register } from '../program.ts';

export const report: Register = (program, io, run) => {
  program
    .command('report')
    .description('what a run found: which promises hold')
    .argument('[run]', 'name of a run or its beginning', 'latest')
    .option('--json', 'as JSON on stdout')
    .addHelpText('after', '\nExamples:\n  edgeproof report\n  edgeproof report 20261123 --json')
    .action(run(async (id: string, { json = false }: { json?: boolean }) => {
      const [{ findRun }, { buildReport }, { reportFacts }, { summary }] = await Promise.all([
        import('../../reports/runs-list.ts'),
        import('../../reports/build.ts'),
        import('../../reports/facts.ts'),
        import('../../reports/summary.ts'),
      ]);
      const built = await buildReport(await findRun(id));
      const facts = reportFacts(built);
      if (json) return printJson(io, facts);
      io.stdout.write(`${summary(built).join('\n')}\n\n${facts.paths.html}\n`);
    }));
};
