import { access, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from '../core/errors.ts';
import { runsDir } from '../core/paths.ts';
import { suggest } from '../core/suggest.ts';
import { runFile } from './run.ts';

/** The name of a run and of its folder: `20261123T022759Z-two-sites-reference`. Names sort by time. */
export function newRunId(startedAt: Date, topology: string, implementation: string): string {
  const time = startedAt.toISOString().replace(/\.\d+Z$/, 'Z').replaceAll(/[-:]/g, '');
  return `${time}-${topology}-${implementation}`;
}

/** Makes the folder of a run, and its name. Of two that begin in the same second the later one gets a number behind it. */
export async function makeRunFolder(startedAt: Date, topology: string, implementation: string, folder: string = runsDir): Promise<{ readonly id: string; readonly runDir: string }> {
  await mkdir(folder, { recursive: true });
  const first = newRunId(startedAt, topology, implementation);
  for (let count = 1; ; count++) {
    const id = count === 1 ? first : `${first}-${count}`;
    const made = await mkdir(join(folder, id)).then(() => true, (error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') return false;
      throw error;
    });
    if (made) return { id, runDir: join(folder, id) };
  }
}

/** The ids of all runs below `folder`, the latest first. Folders without a run.json are no runs. */
export async function listRuns(folder: string = runsDir): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const runs: string[] = [];
  for (const entry of entries) {
    const isRun = entry.isDirectory() && await access(join(folder, entry.name, runFile)).then(() => true, () => false);
    if (isRun) runs.push(entry.name);
  }
  return runs.sort().reverse();
}

/**
 * The folder of a run.
 *
 * @param id of the run, or the beginning of one; without it the latest.
 * @throws UsageError when there is no such run, or the beginning is that of several.
 */
export async function findRun(id?: string, folder: string = runsDir): Promise<string> {
  const runs = await listRuns(folder);
  const latest = runs[0];
  if (latest === undefined) throw new UsageError('There is no run yet.', { next: 'Make one: npm run conformance' });
  if (id === undefined || id === 'latest') return join(folder, latest);
  if (runs.includes(id)) return join(folder, id);
  const begun = id === '' ? [] : runs.filter((run) => run.startsWith(id));
  if (begun.length === 1) return join(folder, begun[0] ?? '');
  if (begun.length > 1) throw new UsageError(`${begun.length} runs begin with '${id}': ${begun.slice(0, 5).join(', ')}`, { next: 'Give more of the name.' });
  const near = suggest(id, runs);
  throw new UsageError(`There is no run '${id}'${near === undefined ? '' : `; did you mean '${near}'?`}`, { next: `The latest are: ${runs.slice(0, 5).join(', ')}` });
}
