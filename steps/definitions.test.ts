import assert from 'node:assert/strict';
import { mkdtempDisposable, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Envelope } from '@cucumber/messages';
import { exec } from '../core/exec.ts';
import { repositoryRoot } from '../core/paths.ts';
import { sideBySideTag } from '../features/tags.ts';

const cucumber = join(repositoryRoot, 'node_modules', '@cucumber', 'cucumber', 'bin', 'cucumber.js');

/** What a dry run says; it ends with 0 whatever it finds. */
async function dryRun(): Promise<Envelope[]> {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'edgeproof-dry-'));
  const messages = join(folder.path, 'messages.ndjson');
  await exec([process.execPath, cucumber, '--dry-run', '--format', `message:${messages}`], { cwd: repositoryRoot, env: { EDGEPROOF_MODE: 'conformance' } });
  return (await readFile(messages, 'utf8')).trim().split('\n').map((line) => JSON.parse(line) as Envelope);
}

const envelopes = await dryRun();

test('every step of every feature has exactly one definition', async () => {
  const steps = new Map(envelopes.flatMap(({ pickle }) => pickle?.steps ?? []).map(({ id, text }) => [id, text]));
  const planned = envelopes.flatMap(({ testCase }) => testCase?.testSteps ?? []).filter(({ pickleStepId }) => pickleStepId !== undefined);
  assert.ok(planned.length > 100);
  const wrong = planned.filter(({ stepDefinitionIds }) => stepDefinitionIds?.length !== 1);
  assert.deepEqual(wrong.map(({ pickleStepId, stepDefinitionIds }) => `${stepDefinitionIds?.length} of: ${steps.get(pickleStepId ?? '')}`), []);
});

test('as Cucumber is set up, what may run side by side comes first and does, and every other scenario runs alone', () => {
  const pickles = new Map(envelopes.flatMap(({ pickle }) => pickle ?? []).map((pickle) => [pickle.id, pickle]));
  const beside = new Map(envelopes.flatMap(({ testCase }) => testCase ?? []).map(({ id, pickleId }) => [id, pickles.get(pickleId)!.tags.some(({ name }) => name === sideBySideTag)]));
  const workers = new Set<string | undefined>();
  const order: boolean[] = [];
  const running = new Map<string, boolean>();
  for (const { testCaseStarted, testCaseFinished } of envelopes) {
    if (testCaseFinished !== undefined) running.delete(testCaseFinished.testCaseStartedId);
    if (testCaseStarted === undefined) continue;
    const mayBeBeside = beside.get(testCaseStarted.testCaseId)!;
    workers.add(testCaseStarted.workerId);
    order.push(mayBeBeside);
    running.set(testCaseStarted.id, mayBeBeside);
    assert.ok(running.size === 1 || [...running.values()].every(Boolean), 'a scenario that must be alone is not');
  }
  assert.equal(order.length, beside.size, 'every scenario that was planned was run, once');
  assert.equal(workers.size, 2);
  assert.equal(order.indexOf(false), order.filter(Boolean).length, 'what may run side by side comes first');
});
