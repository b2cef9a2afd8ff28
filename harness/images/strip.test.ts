import assert from 'node:assert/strict';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { CannotTellError } from '../../core/errors.ts';
import { exec } from '../../core/exec.ts';
import { copyStripped } from './strip.ts';

const folder = await mkdtemp(join(tmpdir(), 'edgeproof-strip-'));
after(async () => await rm(folder, { recursive: true }));

test('Node runs as before without its symbols, and is smaller', async () => {
  const target = join(folder, 'node');
  await copyStripped(process.execPath, target);
  const script = 'process.stdout.write(process.version + (await WebAssembly.validate(new Uint8Array(8))) + new Intl.NumberFormat("de").format(1234.5) + crypto.randomUUID().length)';
  const run = async (program: string): Promise<string> => (await exec([program, '--input-type=module', '-e', script])).stdout;
  assert.equal(await run(target), await run(process.execPath));
  assert.ok((await stat(target)).size < (await stat(process.execPath)).size);
  assert.equal((await stat(target)).mode & 0o777, (await stat(process.execPath)).mode & 0o777);
  // Once more changes nothing.
  const again = join(folder, 'again');
  await copyStripped(target, again);
  assert.equal((await stat(again)).size, (await stat(target)).size);
});

test('what is no program is told', async () => {
  const text = join(folder, 'text');
  await writeFile(text, '#!/bin/sh\n'.padEnd(100));
  await assert.rejects(copyStripped(text, join(folder, 'out')), (error) => error instanceof CannotTellError && error.code === 'NOT_A_PROGRAM');
});
