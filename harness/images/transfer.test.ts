import assert from 'node:assert/strict';
import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { exec } from '../../core/exec.ts';
import { silentProgress } from '../../core/progress.ts';
import type { Docker } from '../docker/docker.ts';
import { exportImages, importImages } from './transfer.ts';

let folder = '';
let file = '';
const loaded: string[] = [];
/** An engine whose images are a file of its own. */
const docker = {
  run: async ([verb, ...args]: string[]) => {
    const path = args[args.findIndex((arg) => arg === '--output' || arg === '--input') + 1]!;
    if (verb === 'save') await writeFile(path, `images ${args.slice(2).join(' ')}`);
    else loaded.push(await readFile(path, 'utf8'));
    return { code: 0, stdout: '', stderr: '' };
  },
} as unknown as Docker;
const context = (): Parameters<typeof importImages>[1] => ({ docker, progress: silentProgress, signal: new AbortController().signal, programsIn: join(folder, 'there') });
const programs = 'tools-0123456789ab';

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'edgeproof-transfer-'));
  await mkdir(join(folder, 'here', programs), { recursive: true });
  await writeFile(join(folder, 'here', programs, 'kind'), 'a program', { mode: 0o755 });
});
beforeEach(async () => {
  loaded.length = 0;
  // As on a machine that has never built anything.
  await rm(join(folder, 'there'), { recursive: true, force: true });
});
after(async () => await rm(folder, { recursive: true }));

const write = async (name: string): Promise<void> => {
  file = join(folder, name);
  await exportImages(file, { images: ['edgeproof/a:1', 'edgeproof/b:2'], programs: [join(folder, 'here', programs)] }, context());
};
/** The file with one of its members replaced. */
const spoil = async (member: string, change: (path: string) => Promise<void>): Promise<void> => {
  const work = await mkdtemp(join(folder, 'spoil-'));
  await exec(['tar', '--extract', '--file', file, '--directory', work]);
  await change(join(work, member));
  await exec(['tar', '--create', '--file', file, '--directory', work, ...(await readdir(work))]);
};

test('what was exported is imported: images to the engine, programs to their folder, with their rights', async () => {
  for (const name of ['images.tar', 'images.tgz']) {
    await write(name);
    assert.deepEqual((await importImages(file, context())).images, ['edgeproof/a:1', 'edgeproof/b:2']);
    assert.equal((await stat(join(folder, 'there', programs, 'kind'))).mode & 0o777, 0o755);
    assert.equal(await readFile(join(folder, 'there', programs, 'kind'), 'utf8'), 'a program');
  }
  assert.deepEqual(loaded, ['images edgeproof/a:1 edgeproof/b:2', 'images edgeproof/a:1 edgeproof/b:2']);
  assert.deepEqual((await readdir(folder)).filter((name) => name.endsWith('.partial')), []);
});

test('programs that are there stay', async () => {
  await write('images.tar');
  await mkdir(join(folder, 'there', programs), { recursive: true });
  await writeFile(join(folder, 'there', programs, 'kind'), 'the same, built here');
  await importImages(file, context());
  assert.equal(await readFile(join(folder, 'there', programs, 'kind'), 'utf8'), 'the same, built here');
});

const refused = async (why: RegExp): Promise<void> => {
  await assert.rejects(importImages(file, context()), (error: Error & { next?: string }) => why.test(error.message) && error.next !== undefined);
  assert.deepEqual([loaded, await readdir(join(folder, 'there')).catch(() => [])], [[], []], 'nothing of it is used');
};

test('a file that is not whole is refused, and nothing of it is used', async () => {
  await write('images.tgz');
  const whole = await readFile(file);
  await writeFile(file, whole.subarray(0, whole.length - 40));
  await refused(/no whole export of images: it cannot be unpacked/);
  await writeFile(file, 'not an archive');
  await refused(/cannot be unpacked/);
  await write('images.tar');
  await spoil('images.tar', async (path) => await appendFile(path, '!'));
  await refused(/its images are damaged/);
  await write('images.tar');
  await spoil(`${programs}/kind`, async (path) => await appendFile(path, '!'));
  await refused(/tools-0123456789ab\/kind is damaged/);
  await write('images.tar');
  await spoil(`${programs}/added`, async (path) => await writeFile(path, '!'));
  await refused(/tools-0123456789ab\/added is damaged/);
  await write('images.tar');
  await spoil('edgeproof.json', async (path) => await rm(path));
  await refused(/it has no edgeproof\.json/);
});

test('what its list says leads nowhere else, and to no other machine', async () => {
  const changed = async (change: (manifest: Record<string, unknown>) => void): Promise<void> => {
    await write('images.tar');
    await spoil('edgeproof.json', async (path) => {
      const manifest = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
      change(manifest);
      await writeFile(path, JSON.stringify(manifest));
    });
  };
  await changed((manifest) => { manifest['programs'] = { '../../etc': { passwd: 'a'.repeat(64) } }; });
  await refused(/its edgeproof\.json is not one that this edgeproof reads/);
  await changed((manifest) => { manifest['architecture'] = 'sparc'; });
  await refused(/is for sparc, and this machine is/);
});
