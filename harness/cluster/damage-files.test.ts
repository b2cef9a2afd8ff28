import assert from 'node:assert/strict';
import { mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { exec } from '../../core/exec.ts';
import type { Docker } from '../docker/docker.ts';
import { damageFiles } from './damage-files.ts';

/** This host takes the place of the node. */
const docker = { exec: async (_: string, argv: [string, ...string[]], options: object) => await exec(argv, options) } as unknown as Docker;

test('half of a file stays, and is followed by nonsense; what is not there is passed over', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'edgeproof-damage-'));
  const path = join(folder.path, 'state.json');
  await writeFile(path, '{"bound":true}');
  assert.deepEqual(await damageFiles(docker, 'node', [join(folder.path, 'none'), path]), [path]);
  const now = await readFile(path);
  assert.equal(now.length, 7 + 64);
  assert.equal(now.subarray(0, 7).toString(), '{"bound');
});

test('an implementation that names files has one of them; one that names none has nothing to damage', async () => {
  await assert.rejects(damageFiles(docker, 'node', ['/none/of/these']), { code: 'NO_STATE_FILE' });
  assert.deepEqual(await damageFiles(docker, 'node', []), []);
});
