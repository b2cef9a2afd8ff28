import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, beforeEach, test } from 'node:test';

const home = await mkdtemp(join(tmpdir(), 'edgeproof-go-'));
process.env['EDGEPROOF_HOME'] = join(home, 'kept');
process.env['PATH'] = `${home}:${process.env['PATH']}`;
process.env['CALLS'] = join(home, 'calls');
const { silentProgress } = await import('../../core/progress.ts');
const { kubectlProgram, overlayPrograms, wanPrograms } = await import('../../images/programs.ts');
const { buildGroups, buildPrograms } = await import('./go-programs.ts');
after(async () => await rm(home, { recursive: true }));

/** Notes how it is called; builds an empty file for each package, under the last element of its path, or fails for one. */
const go = `#!/bin/bash
[ "$1" = env ] && exec echo go9.9.9
echo "$1 $(basename "$PWD") $*" >>"$CALLS"
[ "$1" = list ] && exit
[ -n "$FAILS" ] && case "$*" in *"$FAILS"*) echo "no such module" >&2; exit 1; esac
while [ "$1" != -o ]; do shift; done
out=$2; shift 2
for package; do : >"$out/\${package##*/}"; done
`;
await writeFile(join(home, 'go'), go, { mode: 0o755 });

beforeEach(async () => {
  await rm(join(home, 'kept'), { recursive: true, force: true });
  await writeFile(join(home, 'calls'), '');
  process.env['FAILS'] = '';
});
const calls = async (): Promise<string[]> => (await readFile(join(home, 'calls'), 'utf8')).split('\n').filter(Boolean).map((line) => line.split(' ').slice(0, 2).join(' '));

test('programs of one module are built by one command, each group has its folder, and what later modules need is downloaded', async () => {
  const folders = await buildGroups([wanPrograms, kubectlProgram, overlayPrograms], silentProgress);
  assert.deepEqual(await Promise.all(folders.map(async (folder) => (await readdir(folder)).sort())), [['toxiproxy-server'], ['kubectl'], ['bridge', 'flannel', 'flanneld', 'webhook']]);
  assert.deepEqual(folders.map((folder) => basename(folder).split('-')[0]), ['wan', 'node', 'node']);
  const made = await calls();
  assert.deepEqual(made.filter((call) => call.startsWith('build')), ['build wan', 'build node']);
  assert.deepEqual(made.filter((call) => call.startsWith('list')), ['list node']);
});

test('what is there is not built again', async () => {
  const folder = await buildPrograms(kubectlProgram, silentProgress);
  assert.deepEqual((await buildGroups([kubectlProgram, overlayPrograms], silentProgress))[0], folder);
  assert.deepEqual(await calls(), ['build node', 'build node']);
  assert.doesNotMatch((await readFile(join(home, 'calls'), 'utf8')).trim().split('\n')[1] ?? '', /cmd\/kubectl/);
  await buildGroups([kubectlProgram, overlayPrograms], silentProgress);
  assert.equal((await calls()).length, 2);
});

test('a build that fails says what go said, and leaves nothing that looks like programs', async () => {
  process.env['FAILS'] = 'toxiproxy';
  await assert.rejects(buildGroups([wanPrograms, kubectlProgram], silentProgress), /no such module/);
  assert.deepEqual(await readdir(join(home, 'kept', 'bin')), []);
  assert.deepEqual((await calls()).filter((call) => call.startsWith('build')), ['build wan']);
});
