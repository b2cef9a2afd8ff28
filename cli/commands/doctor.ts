import { exitCodes } from '../../core/errors.ts';
import { printJson } from '../io.ts';
import type { Register } from '../program.ts';
import { table } from '../table.ts';

const marks = { ok: 'ok', edgeproof: 'edgeproof will', you: 'YOU MUST' } as const;

export const doctor: Register = (program, io, run) => {
  program
    .command('doctor')
    .description('what this machine has, what edgeproof will bring, and what you must do; changes nothing unless it is told to')
    .option('--json', 'as JSON on stdout')
    .option('--fix', 'do of what you must do what edgeproof can: kernel modules and limits, as root')
    .addHelpText('after', '\nExit code: 0 when there is nothing that you must do, else 1.\n\nExamples:\n  edgeproof doctor --json\n  sudo edgeproof doctor --fix')
    .action(run(async ({ json = false, fix = false }: { json?: boolean; fix?: boolean }) => {
      const { examine, mend } = await import('../doctor/examine.ts');
      const look = async (): ReturnType<typeof examine> => (json ? await examine(io.signal) : await io.progress.step('Looking at this machine', async (step) => await examine(io.signal, step.detail)));
      const before = await look();
      const mended = fix ? await mend(before, io.signal) : [];
      const rows = mended.length === 0 ? before : await look();
      const ready = rows.every(({ status }) => status !== 'you');
      if (json) printJson(io, { ready, checks: rows.map(({ fix: mends, ...row }) => ({ ...row, ...(mends !== undefined && { fixable: true }) })), ...(fix && { mended }) });
      else {
        for (const { id, problem } of mended) io.stdout.write(problem === undefined ? `Mended: ${id}\n` : `Not mended: ${id}: ${problem}\n`);
        const cells = rows.map(({ id, status, found, next, fix: mends }) => [id, marks[status], [next === undefined ? found : `${found}: ${next}`, ...(mends === undefined ? [] : ['(or: edgeproof doctor --fix)'])].join(' ')]);
        io.stdout.write(`${table(['what', 'status', 'found'], cells)}\n\n${ready ? 'Ready.' : 'Not ready: see the lines marked YOU MUST.'}\n`);
      }
      return ready ? exitCodes.pass : exitCodes.fail;
    }));
};
