import { mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { CannotTellError, describeError, exitCodeOf, exitCodes, UsageError } from '../core/errors.ts';
import { exec, ExecError } from '../core/exec.ts';
import { reportFiles } from '../reports/facts.ts';
import { findRun } from '../reports/runs-list.ts';
import { decodePng, encodeIndexedPng } from './png.ts';

const usage = `npx node docs/screenshot.ts OUT.png [--run RUN] [--size 1280,1000] [--dark]
Makes a picture of a run's report.html (default: of the latest run), small enough for a README. Needs Chromium.`;

const browsers = ['chromium', 'chromium-browser', 'google-chrome'];

/** A picture of a page as Chromium shows it. @throws CannotTellError without a Chromium. */
async function shoot(page: string, size: string, dark: boolean): Promise<Uint8Array> {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'edgeproof-screenshot-'));
  const out = join(folder.path, 'page.png');
  for (const browser of browsers) {
    try {
      // Chromium refuses to run as root with its sandbox; the page is our own and its policy forbids all else.
      await exec([browser, '--headless', '--no-sandbox', '--disable-gpu', '--hide-scrollbars', `--user-data-dir=${join(folder.path, 'profile')}`, `--window-size=${size}`,
        `--blink-settings=preferredColorScheme=${dark ? 0 : 1}`, `--screenshot=${out}`, pathToFileURL(page).href], { timeoutMs: 60_000 });
      return await readFile(out);
    } catch (error) {
      if (!(error instanceof ExecError && error.code === 'EXEC_NOT_FOUND')) throw error;
    }
  }
  throw new CannotTellError('NO_BROWSER', 'no Chromium is installed', { next: 'Install one: apt-get install chromium' });
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true, options: { run: { type: 'string' }, size: { type: 'string', default: '1280,1000' }, dark: { type: 'boolean', default: false } },
  });
  const [out, ...others] = positionals;
  if (out === undefined || others.length > 0 || !/^\d+,\d+$/.test(values.size)) throw new UsageError(usage);
  const page = join(await findRun(values.run), reportFiles.html);
  const picture = encodeIndexedPng(decodePng(await shoot(page, values.size, values.dark)));
  await writeFile(resolve(out), picture);
  process.stdout.write(`${out}: ${Math.round(picture.length / 1000)} kB\n`);
}

if (import.meta.main) {
  try {
    await main();
    process.exitCode = exitCodes.pass;
  } catch (error) {
    const wrongFlag = error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
    process.stderr.write(`${describeError(error)}\n${wrongFlag ? `${usage}\n` : ''}`);
    process.exitCode = wrongFlag ? exitCodes.usage : exitCodeOf(error);
  }
}
