import assert from 'node:assert/strict';
import { mkdir, mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { UsageError } from '../core/errors.ts';
import { implementationNames, loadImplementation, readImplementation } from './load.ts';

test('the implementations that are there load, and a name that is not is answered', async () => {
  for (const name of await implementationNames()) assert.equal((await loadImplementation(name)).name, name);
  await assert.rejects(loadImplementation('stok'), (error) => error instanceof UsageError && error.next === 'did you mean stock?');
  await assert.rejects(loadImplementation('../stock'), UsageError);
});

test('one that somebody else wrote is read, or refused with its file and what is wrong', async () => {
  await using root = await mkdtempDisposable(join(tmpdir(), 'edgeproof-implementations-'));
  const read = async (name: string, text?: string) => {
    await mkdir(join(root.path, name));
    if (text !== undefined) await writeFile(join(root.path, name, 'implementation.ts'), text);
    return await readImplementation(join(root.path, name));
  };
  const whole = (name: string, claims: string): string => `
    class Theirs { constructor() { this.name = '${name}'; this.description = ''; this.version = '1'; this.claims = ${claims}; } async install() {} async uninstall() {} }
    export const implementation = new Theirs();`;
  assert.deepEqual((await read('theirs', whole('theirs', "['tunnel']"))).claims, ['tunnel']);
  const refused: [name: string, text: string | undefined, message: RegExp][] = [
    ['empty', undefined, /empty\/implementation\.ts cannot be loaded/],
    ['broken', 'export const implementation = {', /cannot be loaded/],
    ['nothing', 'export const other = 1;', /is not an implementation/],
    ['misspelt', whole('misspelt', "['tunel']"), /is not an implementation:[^]*claims\[0\]/],
    ['other', whole('stock', '[]'), /is of an implementation named stock/],
  ];
  for (const [name, text, message] of refused) await assert.rejects(read(name, text), (error) => error instanceof UsageError && message.test(error.message), name);
});
