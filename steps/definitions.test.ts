import assert from 'node:assert/strict';
import { mkdtempDisposable, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Envelope } from '@cucumber/messages';
import { exec } from '../core/exec.ts';
import { repositoryRoot } from '../core/paths.ts';

const cucumber = join(repositoryRoot, 'node_modules', '@cucumber', 'cucumber', 'bin', 'cucumber.js');

/** What a dry run says; it ends with 0 whatever it finds. */
async function dryRun(): Promise<Envelope[]> {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'edgeproof-dry-'));
  const messages = join(folder.path, 'messages.ndjson');
  await exec([process.execPath, cucumber, '--dry-run', '--parallel', '0', '--format', `message:${messages}`], { cwd: repositoryRoot });
  return (await readFile(messages, 'utf8')).trim().split('\n').map((line) => JSON.parse(line) as Envelope);
}

test('every step of every feature has exactly one definition', async () => {
  const envelopes = await dryRun();
  const steps = new Map(envelopes.flatMap(({ pickle }) => pickle?.steps ?? []).map(({ id, text }) => [id, text]));
  const planned = envelopes.flatMap(({ testCase }) => testCase?.testSteps ?? []).filter(({ pickleStepId }) => pickleStepId !== undefined);
  assert.ok(planned.length > 100);
  const wrong = planned.filter(({ stepDefinitionIds }) => stepDefinitionIds?.length !== 1);
  assert.deepEqual(wrong.map(({ pickleStepId, stepDefinitionIds }) => `${stepDefinitionIds?.length} of: ${steps.get(pickleStepId ?? '')}`), []);
});
