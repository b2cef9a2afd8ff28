import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from '../core/errors.ts';
import { repositoryRoot } from '../core/paths.ts';
import { httpTable, type HttpResult } from './http/table.ts';
import { plotOf } from './plot.ts';
import type { BenchResult } from './result.ts';
import { tableOf } from './table.ts';

const folder = join(repositoryRoot, 'reports', 'bench');

/** Of a run, by when it was started. */
export const resultFolder = (startedAt: string): string => join(folder, startedAt.replace(/[-:]|\.\d+/g, ''));

/** Writes a result: raw rounds, the table and the plot. @returns its folder */
export async function saveResult(result: BenchResult): Promise<string> {
  const own = resultFolder(result.startedAt);
  await mkdir(own, { recursive: true });
  await writeFile(join(own, 'table.md'), tableOf(result));
  await writeFile(join(own, 'plot.svg'), plotOf(result));
  // Last: a folder with a result is whole.
  await writeFile(join(own, 'result.json'), JSON.stringify(result, null, 1));
  return own;
}

/** Writes what the HTTP benchmark found. @returns the path of its JSON */
export async function saveHttpResult(result: HttpResult): Promise<string> {
  const own = `${resultFolder(result.startedAt)}-http`;
  await mkdir(own, { recursive: true });
  await writeFile(join(own, 'table.md'), httpTable(result));
  await writeFile(join(own, 'http.json'), JSON.stringify(result, null, 1));
  return join(own, 'http.json');
}

/** The newest result of a whole benchmark; without one, the newest. @throws UsageError when there is none yet */
export async function newestResult(): Promise<BenchResult> {
  let newest: BenchResult | undefined;
  for (const name of (await readdir(folder).catch(() => [])).sort().reverse()) {
    const text = await readFile(join(folder, name, 'result.json'), 'utf8').catch(() => undefined);
    if (text === undefined) continue;
    const result = JSON.parse(text) as BenchResult;
    if (result.whole) return result;
    newest ??= result;
  }
  if (newest !== undefined) return newest;
  throw new UsageError('no benchmark has been run', { next: 'npm run bench:tunnel' });
}
