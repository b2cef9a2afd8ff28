import assert from 'node:assert/strict';
import { mkdir, mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadTopology } from '../../topologies/load.ts';
import { messagesFile, writeRun, type Run } from '../../reports/run.ts';
import { writeEarlierTimes } from './earlier-times.ts';

const at = '2026-11-27T10:00:00.000Z';
const promise = 'lifecycle-nodes-ready';
/** As Cucumber tells of one scenario with a hook and a step that each end so. @param tag of the scenario's promise */
const told = (status: string, seconds: number): string => [
  { pickle: { id: 'p', uri: 'a.feature', name: 'a', tags: [{ name: `@${promise}` }], steps: [{ id: 'ps', text: 'a', astNodeIds: [] }], astNodeIds: [] } },
  { testCase: { id: 'c', pickleId: 'p', testSteps: [{ id: 's', pickleStepId: 'ps' }] } },
  { testCaseStarted: { id: 'x', testCaseId: 'c', attempt: 0, timestamp: { seconds: 0, nanos: 0 } } },
  { testStepStarted: { testCaseStartedId: 'x', testStepId: 's', timestamp: { seconds: 0, nanos: 0 } } },
  { testStepFinished: { testCaseStartedId: 'x', testStepId: 's', timestamp: { seconds, nanos: 0 }, testStepResult: { status, duration: { seconds, nanos: 0 } } } },
  { testCaseFinished: { testCaseStartedId: 'x', timestamp: { seconds, nanos: 0 }, willBeRetried: false } },
].map((message) => `${JSON.stringify(message)}\n`).join('');

test('times are those of the latest run that ran all to its end; what cannot be read keeps no run from beginning', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'edgeproof-earlier-'));
  const run: Run = {
    id: 'now', mode: 'control', startedAt: at, edgeproof: { version: '1' }, implementation: { name: 'stock', version: '1', claims: [] }, topology: await loadTopology('one-edge'),
    versions: {}, host: {}, phases: [], end: 'completed', reproduce: '',
  };
  const put = async (id: string, messages: string): Promise<void> => {
    await mkdir(join(folder.path, id));
    await writeRun(join(folder.path, id), { ...run, id });
    await writeFile(join(folder.path, id, messagesFile), messages);
  };
  assert.equal(await writeEarlierTimes(run, folder.path, folder.path), undefined);
  await put('20261101', told('PASSED', 7));
  // As --fail-fast leaves it: skipped, and not by itself.
  await put('20261102-stopped', told('SKIPPED', 0));
  await put('20261103-damaged', '{"testCaseStarted":{"id":"x"}}\nno JSON\n');
  const file = await writeEarlierTimes(run, folder.path, folder.path);
  assert.deepEqual(JSON.parse(await readFile(file ?? '', 'utf8')), { [promise]: 7000 });
});
