import { join } from 'node:path';
import { writeFile } from 'node:fs/promises';
import { runsDir } from '../../core/paths.ts';
import { readReport } from '../../reports/build.ts';
import { promisesOf } from '../../reports/model.ts';
import type { Outcome } from '../../reports/outcome.ts';
import { readRun, type Run } from '../../reports/run.ts';
import { listRuns } from '../../reports/runs-list.ts';

/** How many of the latest runs are looked through for one that was like this. */
const mostLooked = 20;

const isTold = (outcome: Outcome): boolean => outcome === 'passed' || outcome === 'failed';

/**
 * Writes how long each promise took in the latest whole run of the same kind, for who shows how long a run has still to go.
 *
 * @returns the file; undefined when there was no such run
 */
export async function writeEarlierTimes(run: Run, runDir: string, folder = runsDir): Promise<string | undefined> {
  for (const id of (await listRuns(folder)).slice(0, mostLooked)) {
    // One that cannot be read is none; what is wrong with it is for `edgeproof report` to say.
    const earlier = await readRun(join(folder, id)).catch(() => undefined);
    if (earlier === undefined || earlier.end !== 'completed' || earlier.tags !== undefined || earlier.mode !== run.mode || earlier.implementation.name !== run.implementation.name) continue;
    const report = await readReport(join(folder, id)).catch(() => undefined);
    const promises = report === undefined ? [] : promisesOf(report);
    // One that stopped at a failure took no time for what was left.
    if (promises.some(({ outcome, cases }) => outcome === 'notRun' && cases.length > 0)) continue;
    const told = promises.filter(({ outcome }) => isTold(outcome));
    if (told.length === 0) continue;
    const times = told.flatMap(({ promise, cases }) => cases.map(({ ms }) => [promise, ms] as const));
    const file = join(runDir, 'earlier-times.json');
    await writeFile(file, `${JSON.stringify(Object.fromEntries(times))}\n`);
    return file;
  }
  return undefined;
}
