import { wholeNumber } from '../options.ts';
import type { Register } from '../program.ts';

export const accidents: Register = (program, io, run) => {
  program
    // For those who work on edgeproof.
    .command('accidents', { hidden: true })
    .description('end edgeproof at random moments, and see that nothing of it stays behind')
    .option('--times <n>', 'how often', wholeNumber(1, 1000), 30)
    .option('--first <n>', 'number of the accident to begin with: they come in an order', wholeNumber(1, 1000), 1)
    .option('--seed <n>', 'of the moments: the same one gives the same', wholeNumber(0, 2 ** 32 - 1))
    .addHelpText('after', '\nIt removes everything that edgeproof has started on this machine, each time.\n\nExample:\n  edgeproof accidents --times 30')
    .action(run(async ({ times, first, seed = Date.now() % 2 ** 32 }: { times: number; first: number; seed?: number }) => {
      const { runAccidents } = await import('../accidents/soak.ts');
      return await runAccidents({ times, first, seed }, io);
    }));
};
