import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

const home = await mkdtemp(join(tmpdir(), 'edgeproof-archive-'));
process.env['EDGEPROOF_HOME'] = home;
const { exec } = await import('../../core/exec.ts');
const { bundle } = await import('./bundle.ts');
const { writeArchive } = await import('./image-archive.ts');
after(async () => await rm(home, { recursive: true }));

test('a bundled component and its runtime become an image of one layer that any user may read', async () => {
  const source = join(home, 'agent.ts');
  await writeFile(source, 'const text: string = "hello";\nprocess.stdout.write(text);');
  const file = await bundle(source);
  await chmod(file, 0o600);
  const tool = join(home, 'tool');
  await writeFile(tool, '#!/bin/sh\n', { mode: 0o700 });
  const runtime = join(home, 'runtime');
  await mkdir(join(runtime, 'tmp'), { recursive: true });
  await chmod(join(runtime, 'tmp'), 0o1777);
  await writeFile(join(runtime, 'ld.so'), '');

  const folder = join(home, 'work');
  await mkdir(folder);
  const umask = process.umask(0o077);
  after(() => process.umask(umask));
  const archive = await writeArchive(
    [{ tags: ['edgeproof.dev/agent:v1'], node: true, files: { '/app/agent.mjs': file, '/app/bin/tool': tool }, links: { '/app/main.mjs': 'agent.mjs' }, entrypoint: ['/usr/local/bin/node', '/app/agent.mjs'] }],
    { folder, baseFiles: { node: runtime }, findProgram: () => assert.fail('no program is wanted') },
  );

  const read = async (...args: string[]): Promise<string> => (await exec(['tar', ...args])).stdout;
  const manifest = JSON.parse(await read('--extract', '--to-stdout', '--file', archive, './manifest.json')) as { Config: string; RepoTags: string[]; Layers: string[] }[];
  assert.deepEqual(manifest, [{ Config: 'config-0.json', RepoTags: ['edgeproof.dev/agent:v1'], Layers: ['layer-0.tar'] }]);
  const config = JSON.parse(await read('--extract', '--to-stdout', '--file', archive, './config-0.json')) as { config: { Entrypoint: string[] }; rootfs: { diff_ids: string[] } };
  assert.deepEqual(config.config.Entrypoint, ['/usr/local/bin/node', '/app/agent.mjs']);
  assert.equal(config.rootfs.diff_ids.length, 1);

  const layer = join(folder, 'archive', 'layer-0.tar');
  const entries = (await read('--list', '--verbose', '--numeric-owner', '--file', layer)).trim().split('\n').map((line) => line.split(/\s+/));
  assert.deepEqual(Object.fromEntries(entries.map(([mode, , , , , path]) => [path, mode])), {
    './': 'drwxr-xr-x',
    './app/': 'drwxr-xr-x',
    './app/agent.mjs': '-rw-r--r--',
    './app/bin/': 'drwxr-xr-x',
    './app/bin/tool': '-rwxr-xr-x',
    './app/main.mjs': 'lrwxrwxrwx',
    './ld.so': '-rw-r--r--',
    './tmp/': 'drwxrwxrwt',
  });
  assert.ok(entries.every(([, owner]) => owner === '0/0'));
  assert.equal(await read('--extract', '--to-stdout', '--file', layer, './app/agent.mjs'), await readFile(file, 'utf8'));
});

test('images with the same files share a layer', async () => {
  const folder = join(home, 'shared');
  await mkdir(folder);
  const tool = join(home, 'shared-tool');
  await writeFile(tool, 'one');
  const files = { '/tool': tool };
  const archive = await writeArchive([{ tags: ['a:1'], files, entrypoint: ['/tool'] }, { tags: ['b:1'], files }, { tags: ['c:1'], files: { '/other': tool } }], { folder, baseFiles: {}, findProgram: () => assert.fail('no program is wanted') });
  const { stdout } = await exec(['tar', '--extract', '--to-stdout', '--file', archive, './manifest.json']);
  assert.deepEqual((JSON.parse(stdout) as { Layers: string[] }[]).map(({ Layers }) => Layers), [['layer-0.tar'], ['layer-0.tar'], ['layer-2.tar']]);
});
