import assert from 'node:assert/strict';
import { mkdtemp, readFile, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { CannotTellError } from '../../core/errors.ts';
import { removeTree } from '../../core/remove-tree.ts';
import { loadTopology } from '../../topologies/load.ts';
import { makeWithKind, milestoneOf, startKind, type KindAtWork, type KindOptions } from './kind.ts';

/** What kind says (v0.33), with what a test wants done between. */
const says = (line: string): string => `echo ' ${line}' >&2`;
const begin = [says('• Preparing nodes 📦 📦  ...'), says('✓ Preparing nodes 📦 📦 '), says('• Starting control-plane 🕹️  ...')];
const joined = [says('✓ Starting control-plane 🕹️'), says('• Joining worker nodes 🚜  ...')];

interface Played extends AsyncDisposable {
  readonly kind: () => KindAtWork;
  readonly options: KindOptions;
  readonly folder: string;
}

/** A program in kind's place: `create` does what the lines say in a folder, `export` writes a kubeconfig. */
async function play(...lines: readonly string[]): Promise<Played> {
  const folder = await mkdtemp(join(tmpdir(), 'edgeproof-kind-'));
  const program = join(folder, 'kind');
  const script = ['#!/bin/sh', `cd ${folder}`, 'echo "$@" >> calls', 'if [ "$1" = export ]; then touch kubeconfig; exit; fi', ...lines];
  await writeFile(program, `${script.join('\n')}\n`, { mode: 0o700 });
  const options: KindOptions = {
    name: 'played',
    topology: await loadTopology('one-edge'),
    docker: { env: {} } as never,
    images: { cloud: 'cloud', edge: 'edge', tools: { kind: program } } as never,
    network: 'played',
    kubeconfig: join(folder, 'kubeconfig'),
    configFile: join(folder, 'kind.yaml'),
    detail: () => {},
    signal: AbortSignal.timeout(20_000),
  };
  return { kind: () => startKind(options), options, folder, [Symbol.asyncDispose]: async () => await removeTree(folder) };
}

const waitFor = (file: string): string => `until [ -e ${file} ]; do sleep 0.02; done`;

test('what needs the nodes alone, or the API server alone, need not wait for the joins', async () => {
  await using played = await play(...begin, waitFor('nodes-seen'), ...joined, waitFor('api-seen'), says('✓ Joining worker nodes 🚜'));
  const { folder } = played;
  const kind = played.kind();
  await kind.nodesRun;
  await writeFile(join(folder, 'nodes-seen'), '');
  await kind.apiAnswers;
  await stat(join(folder, 'kubeconfig'));
  await writeFile(join(folder, 'api-seen'), '');
  await kind.done;
  assert.match(await readFile(join(folder, 'calls'), 'utf8'), /^create cluster .*\nexport kubeconfig --name played /);
});

test('a kind that tells its progress in other words is waited for to its end', async () => {
  await using played = await play(says('[ok] all is well'), 'touch ended');
  const { folder } = played;
  const kind = played.kind();
  await Promise.all([kind.nodesRun, kind.apiAnswers, kind.done]);
  await stat(join(folder, 'ended'));
});

test('when kind fails, nobody waits for what will never come', async () => {
  await using played = await play(...begin, says('✗ Starting control-plane 🕹️'), 'exit 1');
  const kind = played.kind();
  const failed = (error: unknown): boolean => error instanceof CannotTellError && error.code === 'BOOT_FAILED';
  await Promise.all([kind.nodesRun, assert.rejects(kind.apiAnswers, failed), assert.rejects(kind.done, failed)]);
});

test('what fails beside kind ends kind, and is what is told', async () => {
  await using played = await play(...begin, ...joined, waitFor('never'));
  const lost = new Error('no WAN');
  await assert.rejects(makeWithKind(played.options, async () => await Promise.reject(lost), async () => {}), lost);
  await using other = await play(...begin, ...joined, waitFor('never'));
  await assert.rejects(makeWithKind(other.options, async () => 'made', async () => await Promise.reject(lost)), lost);
});

test('what is made of the nodes is there when all is done', async () => {
  await using played = await play(...begin, ...joined);
  assert.equal(await makeWithKind(played.options, async () => 'made', async () => {}), 'made');
});

test('a part that begins, or fails, is no milestone', () => {
  assert.equal(milestoneOf(' • Preparing nodes 📦  ...'), undefined);
  assert.equal(milestoneOf(' ✗ Starting control-plane 🕹️'), undefined);
  assert.equal(milestoneOf(' ✓ Writing configuration 📜'), undefined);
  assert.equal(milestoneOf(' ✓ Starting control-plane 🕹️'), 'apiAnswers');
});
