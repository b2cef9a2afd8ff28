import { exitCodes, UsageError } from '../../core/errors.ts';
import { printJson } from '../io.ts';
import type { Register } from '../program.ts';

export const report: Register = (program, io, run) => {
  const command = program
    .command('report')
    .description('what a run found: which promises hold')
    .argument('[run]', 'name of a run or its beginning', 'latest')
    .option('--json', 'as JSON on stdout')
    .option('--open', 'and open its page in the browser of this desktop')
    .addHelpText('after', '\nExamples:\n  edgeproof report\n  edgeproof report 20261123 --json\n  edgeproof report --open\n  edgeproof report compare 20261123T101500Z latest')
    .action(run(async (id: string, { json = false, open = false }: { json?: boolean; open?: boolean }) => {
      const [{ findRun }, { buildReport }, { reportFacts }, { summary }] = await Promise.all([
        import('../../reports/runs-list.ts'),
        import('../../reports/build.ts'),
        import('../../reports/facts.ts'),
        import('../../reports/summary.ts'),
      ]);
      const built = await buildReport(await findRun(id));
      const facts = reportFacts(built);
      if (json) printJson(io, facts);
      else io.stdout.write(`${summary(built).join('\n')}\n\n${facts.paths.html}\n`);
      if (open) await (await import('../open-page.ts')).openPage(facts.paths.html, io.signal);
    }));
  command
    .command('compare')
    .description('what broke, what was mended, and what got slower from one run to another; exit 1 if something broke')
    .argument('<before>', 'name of a run or its beginning')
    .argument('[after]', 'name of a run or its beginning', 'latest')
    .option('--json', 'as JSON on stdout')
    .addHelpText('after', '\nExamples:\n  edgeproof report compare 20261123T101500Z\n  edgeproof report compare 20261123T101500Z 20261124 --json')
    .action(run(async (before: string, after: string) => {
      const [{ findRun }, { readReport }, { compareReports, comparisonLines }] = await Promise.all([
        import('../../reports/runs-list.ts'),
        import('../../reports/build.ts'),
        import('../../reports/compare.ts'),
      ]);
      const [earlier, later] = [await readReport(await findRun(before)), await readReport(await findRun(after))];
      if (earlier.run.mode !== later.run.mode) throw new UsageError(`${earlier.run.id} is a ${earlier.run.mode} run and ${later.run.id} a ${later.run.mode} run: what broke in one of them is as it should be in the other`, { next: 'name two of one kind' });
      const comparison = compareReports(earlier, later);
      // The parent has an option of that name too, and commander gives it what is said behind either.
      if (command.opts<{ json?: boolean }>().json) printJson(io, { before: earlier.run.id, after: later.run.id, ...comparison });
      else io.stdout.write(`${comparisonLines(earlier, later, comparison).join('\n')}\n`);
      return comparison.broke.length > 0 ? exitCodes.fail : exitCodes.pass;
    }));
};
