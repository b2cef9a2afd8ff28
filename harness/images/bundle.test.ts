import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, test } from 'node:test';
import { exec } from '../../core/exec.ts';

const home = await mkdtemp(join(tmpdir(), 'edgeproof-bundle-'));
process.env['EDGEPROOF_HOME'] = home;
const { bundlesDir, repositoryRoot } = await import('../../core/paths.ts');
const { bundle, BundleError } = await import('./bundle.ts');
after(async () => await rm(home, { recursive: true }));

/** A folder with sources, from which packages are found as from the repository. */
async function sources(files: Record<string, string>): Promise<string> {
  const folder = await mkdtemp(join(home, 'sources-'));
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return folder;
}
const nodeModules = join(repositoryRoot, 'node_modules');
const run = async (file: string): Promise<string> => (await exec([process.execPath, file], { cwd: '/' })).stdout;

test('an entry becomes one file that runs where there are no packages, with the ones of every kind that components use', async () => {
  const folder = await sources({
    'main.ts': `
      import { createServer } from 'node:net';
      import { KubeConfig } from '${nodeModules}/@kubernetes/client-node';
      import { X509Certificate } from '${repositoryRoot}/core/x509.ts';
      import { z } from '${nodeModules}/zod';
      import { greet, type Who } from './greet.ts';
      const who: Who = z.object({ name: z.string() }).parse({ name: 'edge' });
      await using server = createServer();
      process.stdout.write([greet(who), typeof server.listen, new KubeConfig().getContexts().length, typeof X509Certificate].join(' '));
    `,
    'greet.ts': 'export interface Who { name: string }\nexport const greet = ({ name }: Who): string => `hello ${name}`;',
  });
  const file = await bundle(join(folder, 'main.ts'), { name: 'agent' });
  assert.match(basename(file), /^agent-[0-9a-f]{12}\.mjs$/);
  // Away from the repository, so that nothing is found by accident.
  const alone = join(await mkdtemp(join(tmpdir(), 'edgeproof-alone-')), 'agent.mjs');
  after(async () => await rm(join(alone, '..'), { recursive: true }));
  await writeFile(alone, await readFile(file));
  assert.equal(await run(alone), 'hello edge function 0 function');
});

test('the same source is the same file, and another source another; stack traces keep their names', async () => {
  const folder = await sources({ 'tiny.ts': 'function veryTelling(): never { throw new Error("no"); }\ntry { veryTelling(); } catch (error) { process.stdout.write((error as Error).stack ?? ""); }' });
  const entry = join(folder, 'tiny.ts');
  const first = await bundle(entry);
  assert.equal(await bundle(entry), first);
  assert.match(await run(first), /at veryTelling /);
  await writeFile(entry, 'process.stdout.write("other")');
  assert.notEqual(await bundle(entry), first);
  assert.equal((await readdir(bundlesDir)).filter((name) => name.startsWith('tiny-')).length, 2);
});

test('no comment comes along, nor a letter that costs a second byte for all others', async () => {
  const folder = await sources({ 'letters.ts': '// one — of many\nprocess.stdout.write(String("ü—".length));' });
  const file = await bundle(join(folder, 'letters.ts'));
  assert.match(await readFile(file, 'utf8'), /^[\x00-\x7f]*$/);
  assert.equal(await run(file), '2');
});

test('what nobody made for a day is removed', async () => {
  const folder = await sources({ 'old.ts': '1', 'new.ts': '2' });
  const old = await bundle(join(folder, 'old.ts'));
  await utimes(old, 0, 0);
  await bundle(join(folder, 'new.ts'));
  assert.equal((await readdir(bundlesDir)).includes(basename(old)), false);
});

test('a source that does not compile is told with its place, and leaves nothing', async () => {
  await mkdir(bundlesDir, { recursive: true });
  const before = await readdir(bundlesDir);
  const folder = await sources({ 'bad.ts': 'import { x } from "no-such-package";\nx();' });
  await assert.rejects(bundle(join(folder, 'bad.ts')), (error) => error instanceof BundleError && /bad\.ts:1:\d+/.test(error.message) && /no-such-package/.test(error.message));
  assert.deepEqual(await readdir(bundlesDir), before);
  assert.deepEqual((await readdir(home)).filter((name) => name.startsWith('work-')), []);
});
