import assert from 'node:assert/strict';
import { mkdtempDisposable, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { CannotTellError, PromiseBroken } from '../../core/errors.ts';
import { exec } from '../../core/exec.ts';
import { repositoryRoot } from '../../core/paths.ts';
import { tellNext } from './next-sentence.ts';

test('what to do next is told below the message, once, that of causes too', () => {
  const error = new PromiseBroken('X', 'it broke', { next: 'mend it', cause: new CannotTellError('Y', 'deeper', { next: 'dig' }) });
  assert.equal(tellNext(error), error);
  tellNext(error);
  assert.equal(error.message, '[X] it broke\n  next: mend it\n  next: dig');
  assert.equal((tellNext(new Error('plain')) as Error).message, 'plain');
  assert.equal(tellNext('a string'), 'a string');
});

const cucumber = join(repositoryRoot, 'node_modules', '@cucumber', 'cucumber', 'bin', 'cucumber.js');
const unset = Object.fromEntries(['EDGEPROOF_CLUSTER', 'EDGEPROOF_KUBECTL', 'EDGEPROOF_RUN_DIR', 'DOCKER_HOST'].map((name) => [name, undefined]));

test('it reaches Cucumber\'s messages from a hook, and so the report', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'edgeproof-next-'));
  const messages = join(folder.path, 'messages.ndjson');
  const { code } = await exec([process.execPath, cucumber, '--tags', '@lifecycle-nodes-ready', '--format', `message:${messages}`], { cwd: repositoryRoot, env: unset, accept: 'any' });
  assert.equal(code, 1);
  assert.match(await readFile(messages, 'utf8'), /"message":"EDGEPROOF_CLUSTER is not set\\n  next: Run the features by `npx edgeproof conformance`/);
});
