import { exitCodes } from '../../core/errors.ts';
import { printJson } from '../io.ts';
import type { Register } from '../program.ts';
import { table } from '../../core/table.ts';

const marks = { ok: 'ok', edgeproof: 'edgeproof will', you: 'YOU MUST' } as const;

export const doctor: Register = (program, io, run) => {
  program
    .command('doctor')
    .description('what this machine has, what edgeproof will bring, and what you must do; changes nothing')
    .option('--json', 'as JSON on stdout')
    .addHelpText('after', '\nExit code: 0 when there is nothing that you must do, else 1.\n\nExample:\n  edgeproof doctor --json')
    .action(run(async ({ json = false }: { json?: boolean }) => {
      const { examine } = await import('../doctor/examine.ts');
      const rows = json ? await examine(io.signal) : await io.progress.step('Looking at this machine', async (step) => await examine(io.signal, step.detail));
      const ready = rows.every(({ status }) => status !== 'you');
      if (json) printJson(io, { ready, checks: rows });
      else {
        const cells = rows.map(({ id, status, found, next }) => [id, marks[status], next === undefined ? found : `${found}: ${next}`]);
        io.stdout.write(`${table(['what', 'status', 'found'], cells)}\n\n${ready ? 'Ready.' : 'Not ready: see the lines marked YOU MUST.'}\n`);
      }
      return ready ? exitCodes.pass : exitCodes.fail;
    }));
};
