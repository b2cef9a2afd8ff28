import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from '../core/errors.ts';
import { repositoryRoot } from '../core/paths.ts';
import { plotOf } from './plot.ts';
import type { BenchResult } from './result.ts';
import { tableOf } from './table.ts';

const folder = join(repositoryRoot, 'reports', 'bench');

/** Writes a result: raw rounds, the table and the plot. @returns its folder */
export async function saveResult(result: BenchResult): Promise<string> {
  const own = join(folder, result.startedAt.replace(/[-:]|\.\d+/g, ''));
  await mkdir(own, { recursive: true });
  await writeFile(join(own, 'table.md'), tableOf(result));
  await writeFile(join(own, 'plot.svg'), plotOf(result));
  // Last: a folder with a result is whole.
  await writeFile(join(own, 'result.json'), JSON.stringify(result, null, 1));
  return own;
}

/** @throws UsageError when there is none yet */
export async function newestResult(): Promise<BenchResult> {
  for (const name of (await readdir(folder).catch(() => [])).sort().reverse()) {
    const text = await readFile(join(folder, name, 'result.json'), 'utf8').catch(() => undefined);
    if (text !== undefined) return JSON.parse(text) as BenchResult;
  }
  throw new UsageError('no benchmark has been run', { next: 'npm run bench:tunnel' });
}
