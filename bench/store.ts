import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from '../core/errors.ts';
import { repositoryRoot } from '../core/paths.ts';
import { httpTable, type HttpResult } from './http/table.ts';
import type { HubResult } from './hub/result.ts';
import { hubTable } from './hub/table.ts';
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
  return await saveTable('http', result, httpTable(result));
}

/** Writes what the benchmark of the hub found. @returns the path of its JSON */
export async function saveHubResult(result: HubResult): Promise<string> {
  return await saveTable('hub', result, hubTable(result));
}

/** @returns the path of its JSON, which is written last: a folder with a result is whole */
async function saveTable(of: 'http' | 'hub', result: { readonly startedAt: string }, table: string): Promise<string> {
  const own = `${resultFolder(result.startedAt)}-${of}`;
  const path = join(own, `${of}.json`);
  await mkdir(own, { recursive: true });
  await writeFile(join(own, 'table.md'), table);
  await writeFile(path, JSON.stringify(result, null, 1));
  return path;
}

/** The newest result of a whole benchmark that has a file of this name; without one, the newest. */
async function newest<Result extends { whole: boolean }>(file: string, below: string): Promise<Result | undefined> {
  let newest: Result | undefined;
  for (const name of (await readdir(below).catch(() => [])).sort().reverse()) {
    const text = await readFile(join(below, name, file), 'utf8').catch(() => undefined);
    if (text === undefined) continue;
    const result = JSON.parse(text) as Result;
    if (result.whole) return result;
    newest ??= result;
  }
  return newest;
}

/** Of the tunnel and of the hub, what there is. @throws UsageError when there is nothing yet */
export async function newestResults(below = folder): Promise<{ readonly tunnel?: BenchResult; readonly hub?: HubResult }> {
  const [tunnel, hub] = await Promise.all([newest<BenchResult>('result.json', below), newest<HubResult>('hub.json', below)]);
  if (tunnel === undefined && hub === undefined) throw new UsageError('no benchmark has been run', { next: 'npm run bench:tunnel, or npm run bench:hub' });
  return { ...(tunnel && { tunnel }), ...(hub && { hub }) };
}
