import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CannotTellError } from '../../core/errors.ts';
import { silentProgress } from '../../core/progress.ts';
import { upstream } from '../../images/versions.ts';
import type { Docker } from '../docker/docker.ts';
import { builtImages } from './image-names.ts';
import { ensureUpstream, pullOrBuild, resolveMode } from './registry.ts';

/** An engine that has some images, and can pull some others; without an answer it hangs until it is killed. */
function engine({ has = [], gives = [], hangs = false, says = 'manifest unknown' }: { readonly has?: readonly string[]; readonly gives?: readonly string[]; readonly hangs?: boolean; readonly says?: string }) {
  const asked: string[] = [];
  const docker = {
    run: async (args: readonly string[], options: { accept?: unknown } = {}) => {
      const image = args.at(-1) ?? '';
      if (args[0] === 'image') return { code: has.includes(image) ? 0 : 1, stdout: '', stderr: '' };
      asked.push(image);
      if (hangs) throw new Error('still running after 8 s');
      if (gives.includes(image)) return { code: 0, stdout: '', stderr: '' };
      if (options.accept === 'any') return { code: 1, stdout: '', stderr: says };
      throw new Error(says);
    },
  } as unknown as Docker;
  return { docker, asked };
}

const auto = async (docker: Docker): Promise<string> => await resolveMode('auto', { docker, progress: silentProgress });

test('auto pulls when the canary comes, and builds when it does not come or hangs', async () => {
  assert.equal(await auto(engine({ gives: [upstream.canary] }).docker), 'pull');
  assert.equal(await auto(engine({}).docker), 'build');
  assert.equal(await auto(engine({ hangs: true }).docker), 'build');
});

test('a registry is not asked where images are here already, or where somebody says build or pull', async () => {
  const { docker, asked } = engine({ has: [upstream.node] });
  assert.equal(await auto(docker), 'pull');
  const { cloud, edge } = await builtImages();
  const built = engine({ has: [cloud, edge], gives: [upstream.canary] });
  assert.equal(await auto(built.docker), 'build');
  assert.deepEqual(built.asked, []);
  assert.equal(await auto(engine({ has: [edge], gives: [upstream.canary] }).docker), 'pull');
  for (const mode of ['build', 'pull'] as const) assert.equal(await resolveMode(mode, { docker, progress: silentProgress }), mode);
  assert.deepEqual(asked, []);
});

test('an image that a registry lacks is named, with what to do next', async () => {
  const { docker, asked } = engine({ has: ['there'], gives: ['one'] });
  await assert.rejects(ensureUpstream(docker, ['there', 'one', 'two', 'three'], silentProgress), (error: unknown) => {
    assert.ok(error instanceof CannotTellError);
    assert.deepEqual([error.code, error.message, error.next], ['PULL_FAILED', 'two could not be pulled', 'check the network, or build everything here: --images build']);
    return true;
  });
  assert.deepEqual(asked, ['one', 'two']);
});

test('a disk that is full is not a registry that lacks an image', async () => {
  const { docker } = engine({ says: 'failed to register layer: write /usr/bin/kubelet: no space left on device' });
  await assert.rejects(ensureUpstream(docker, ['one'], silentProgress), { code: 'DISK_FULL', message: /one could not be pulled: the disk of the Docker engine is full/ });
});

test('auto builds when a registry answered and an image still could not be pulled; pull says so instead', async () => {
  const lines: string[] = [];
  const progress = { ...silentProgress, line: (text: string) => lines.push(text) };
  const failed = async (): Promise<string> => {
    throw new CannotTellError('PULL_FAILED', 'x could not be pulled', { cause: new Error('toomanyrequests'), next: 'build' });
  };
  assert.deepEqual(await pullOrBuild('auto', failed, async () => 'built', progress), { source: 'build', made: 'built' });
  assert.deepEqual(lines, ['x could not be pulled\n  because: toomanyrequests\nBuilding everything here instead.']);
  await assert.rejects(pullOrBuild('pull', failed, async () => 'built', progress), /x could not be pulled/);
  const other = async (): Promise<string> => {
    throw new Error('disk full');
  };
  await assert.rejects(pullOrBuild('auto', other, async () => 'built', progress), /disk full/);
});
