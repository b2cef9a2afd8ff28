import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { describeError, exitCodeOf, exitCodes, UsageError } from '../core/errors.ts';
import { readCast } from './cast.ts';
import { svgOf } from './recording-svg.ts';

const usage = `npx node docs/recording.ts FILE.cast [--at SECONDS] > OUT.svg
Draws what "edgeproof demo --record FILE.cast" has recorded, as an SVG that plays it; with --at, as it was at that moment.`;

async function main(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options: { at: { type: 'string' } } });
  const [file, ...others] = positionals;
  const at = values.at === undefined ? undefined : Number(values.at);
  if (file === undefined || others.length > 0 || Number.isNaN(at)) throw new UsageError(usage);
  process.stdout.write(svgOf(readCast(await readFile(file, 'utf8')), at));
}

if (import.meta.main) {
  try {
    await main(process.argv.slice(2));
    process.exitCode = exitCodes.pass;
  } catch (error) {
    const wrongFlag = error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
    process.stderr.write(`${describeError(error)}\n${wrongFlag ? `${usage}\n` : ''}`);
    process.exitCode = wrongFlag ? exitCodes.usage : exitCodeOf(error);
  }
}
