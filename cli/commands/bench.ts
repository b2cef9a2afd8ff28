import { printJson } from '../io.ts';
import type { Register } from '../program.ts';
import { wholeNumber } from '../options.ts';

export const bench: Register = (program, io, run) => {
  const verb = program.command('bench').description('measure the tunnel beside others');
  verb
    .command('tunnel')
    .description('direct TCP, a plain TLS pipe, our tunnel and konnectivity, in turns')
    .option('--rounds <n>', 'how often all take their turn', wholeNumber(1, 100), 5)
    .option('--agents <n>', 'idle agents of one server', wholeNumber(1, 10_000), 1000)
    .option('--megabytes <n>', 'of one bulk measurement', wholeNumber(1, 10_000), 256)
    .option('--connections <n>', 'of one latency measurement', wholeNumber(10, 10_000), 200)
    .addHelpText('after', '\nEverything is on the loopback of this machine. Written to reports/bench: result.json, table.md, plot.svg.\n\nExamples:\n  edgeproof bench tunnel\n  edgeproof bench tunnel --rounds 1 --agents 100 --megabytes 64')
    .action(run(async (options: { rounds: number; agents: number; megabytes: number; connections: number }) => {
      const { benchTunnel } = await import('../run/bench.ts');
      return await benchTunnel(options, io);
    }));
  verb
    .command('report')
    .description('the newest result')
    .option('--json', 'as JSON on stdout, with ratios and all raw rounds')
    .action(run(async ({ json = false }: { json?: boolean }) => {
      const [{ newestResult }, { tableOf }] = await Promise.all([import('../../bench/store.ts'), import('../../bench/table.ts')]);
      const result = await newestResult();
      if (json) return printJson(io, result);
      io.stdout.write(tableOf(result));
    }));
};
