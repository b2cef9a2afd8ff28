import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { describeError, exitCodeOf, exitCodes, UsageError } from '../core/errors.ts';
import { reportFiles } from '../reports/facts.ts';
import { Chromium } from '../reports/html/chromium.ts';
import { findRun } from '../reports/runs-list.ts';
import { decodePng, encodeIndexedPng } from './png.ts';

const usage = `npx node docs/screenshot.ts OUT.png [--run RUN] [--at PROMISE] [--size 1280,1000] [--dark]
Makes a picture of a run's report.html (default: of the latest run, at its top), small enough for a README. Needs Chromium.`;

/** @param at what the page is scrolled to: by itself it would open at the first failure */
async function shoot(page: string, size: string, dark: boolean, at: string): Promise<Uint8Array> {
  const [width = 0, height = 0] = size.split(',').map(Number);
  await using browser = await Chromium.start();
  await browser.open(page, { width, height, dark }, `#${at}`);
  return await browser.picture();
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true, options: { run: { type: 'string' }, size: { type: 'string', default: '1280,1000' }, dark: { type: 'boolean', default: false }, at: { type: 'string', default: 'top' } },
  });
  const [out, ...others] = positionals;
  if (out === undefined || others.length > 0 || !/^\d+,\d+$/.test(values.size)) throw new UsageError(usage);
  const page = join(await findRun(values.run), reportFiles.html);
  const picture = encodeIndexedPng(decodePng(await shoot(page, values.size, values.dark, values.at)));
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
