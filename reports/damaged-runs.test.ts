import assert from 'node:assert/strict';
import { readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { buildReport, readReport } from './build.ts';
import { fixtureRun } from './fixture/fixture-run.ts';
import { fixtureCatalogue, fixtureRunDir } from './fixture/shared.ts';
import { reportPage } from './html/page.ts';
import { junitXml } from './junit.ts';
import { promisesOf, type Report } from './model.ts';
import { readRun, writeRun, type Run } from './run.ts';
import { summary } from './summary.ts';
import { exitCodeOfReport, headline } from './verdict.ts';

const dir = await fixtureRunDir();
const messages = join(dir, 'messages.ndjson');
const whole = await readFile(messages, 'utf8');
const claimed = fixtureCatalogue.filter(({ capability }) => capability !== 'units').length;

async function reportOf(text: string | undefined, changes: Partial<Run> = {}): Promise<Report> {
  await writeRun(dir, { ...fixtureRun, ...changes });
  if (text === undefined) await rm(messages, { force: true });
  else await writeFile(messages, text);
  return await buildReport(dir, fixtureCatalogue);
}
const linesUntil = (marker: string): string => `${whole.slice(0, whole.indexOf('\n', whole.indexOf(marker)) + 1)}`;

test('without messages every claimed promise is not run, and the report says why', async () => {
  const missing = await reportOf(undefined);
  assert.equal(missing.counts.notRun, claimed);
  assert.match(missing.problems.join(), /no messages\.ndjson/);
  assert.equal(exitCodeOfReport(missing), 2);
  assert.match(summary(missing).join('\n'), /^not run {9}11 promises: lifecycle-nodes-ready, lifecycle-mixed-workloads, tunnel-exec/m);
  assert.equal(headline(missing), `Could not tell: ${claimed} of ${claimed} promises were not checked to the end.`);
  assert.match((await reportOf('')).problems.join(), /is empty/);
});

test('a boot that failed is told with its reason', async () => {
  const report = await reportOf(undefined, { end: 'boot-failed', failure: 'probe: dev-worker2 reached 172.30.0.2:6443 directly\n  next: look at the chains' });
  assert.match(headline(report), /the cluster could not be set up/);
  assert.match(report.problems[0] ?? '', /dev-worker2 reached 172\.30\.0\.2:6443/);
  assert.equal(exitCodeOfReport(report), 2);
  assert.match(reportPage(report), /look at the chains/);
  assert.match(junitXml(report), /<error message="The cluster could not be set up[^"]*" type="boot-failed">/);
});

test('a run that was killed in the middle of a step names the step; what came before counts, what came after is not run', async () => {
  const cut = whole.slice(0, whole.lastIndexOf('"testStepStarted"') + 40);
  const { finishedAt: _unknown, ...unfinished } = fixtureRun;
  await writeRun(dir, { ...unfinished, end: 'crashed' });
  await writeFile(messages, cut);
  const report = await readReport(dir, fixtureCatalogue);
  assert.match(report.problems.join('\n'), /killed[^]*cut off in line \d+/);
  assert.equal(exitCodeOfReport(report), 1, 'a promise that was seen to break stays broken');
  const first = await reportOf(linesUntil('"testStepStarted"'), { end: 'interrupted' });
  const running = promisesOf(first).filter(({ outcome }) => outcome === 'error');
  assert.equal(running.length, 1);
  assert.match(running[0]?.reason ?? '', /^The run ended while "Before a namespace of its own" was running/);
  assert.equal(first.counts.notRun, claimed - 1);
  assert.match(headline(first), /The run was interrupted\.$/);
});

test('of a worker of Cucumber that died the report says why', async () => {
  const exception = { type: 'Error', message: 'Error on worker 0', stackTrace: 'Error: Error on worker 0\n    at fail (adapter.js:1:1)\nCaused by: RangeError: no room\n    at work (steps.ts:2:3)' };
  const finished = JSON.stringify({ testRunFinished: { timestamp: { seconds: 1, nanos: 0 }, success: false, exception } });
  const report = await reportOf(`${whole.slice(0, whole.indexOf('{"testRunFinished"'))}${finished}\n`);
  assert.deepEqual(report.problems, ['Cucumber itself failed: Error on worker 0\n  because: RangeError: no room']);
});

test('any part of the messages gives a report that never passes and loses no promise', async () => {
  await writeRun(dir, { ...fixtureRun, end: 'crashed' });
  await fc.assert(fc.asyncProperty(fc.integer({ min: 0, max: Buffer.byteLength(whole) - 2 }), async (bytes) => {
    await writeFile(messages, whole);
    await truncate(messages, bytes);
    const report = await readReport(dir, fixtureCatalogue);
    assert.equal(promisesOf(report).length, fixtureCatalogue.length);
    assert.notEqual(exitCodeOfReport(report), 0);
    assert.ok(reportPage(report).length > 0 && junitXml(report).length > 0);
  }), { numRuns: 40 });
});

test('what an interrupted run skipped was not run', async () => {
  const report = await reportOf(whole, { end: 'interrupted' });
  assert.equal(report.counts.skipped, 0);
  assert.match(promisesOf(report).find(({ promise }) => promise === 'autonomy-lease-quiet')?.reason ?? '', /interrupted before its turn/);
});

test('what did not begin any more as the run was to stop at a failure was not run', async () => {
  // As Cucumber tells it with --fail-fast: every step of it is skipped, its hooks too.
  const steps = [...whole.matchAll(/{"testCaseStarted":{[^\n]*"id":"([^"]+)"/g)].map(([, id]) => id!);
  const skipped = steps.at(-1)!;
  const told = whole.split('\n').map((line) => (line.startsWith('{"testStepFinished"') && line.includes(`"${skipped}"`) ? line.replace(/"status":"[A-Z]+"/, '"status":"SKIPPED"') : line)).join('\n');
  const report = await reportOf(told);
  const [one] = promisesOf(report).filter(({ outcome }) => outcome === 'notRun');
  assert.deepEqual([report.counts.notRun, report.counts.skipped], [1, 1], 'the one that says itself that it cannot run here is still skipped');
  assert.match(one?.reason ?? '', /Another failed before its turn came/);
});

test('damaged lines are counted', async () => {
  const lines = whole.split('\n');
  lines[4] = 'not json';
  lines[6] = '"a string"';
  assert.match((await reportOf(lines.join('\n'))).problems.join(), /2 damaged lines \(first: 5\)/);
});

test('in a run that was restricted by tags the others are not selected; in one that was not they are not run', async () => {
  const partly = await fixtureRunDir({ tags: '@identity' }, '@identity');
  const restricted = await readReport(partly, fixtureCatalogue);
  assert.equal(restricted.counts.notSelected, claimed - 2);
  assert.equal(restricted.capabilities.find(({ capability }) => capability === 'tunnel')?.verdict, 'not selected');
  await writeRun(partly, fixtureRun);
  assert.equal((await readReport(partly, fixtureCatalogue)).counts.notRun, claimed - 2);
});

test('a scenario that has left the features since is told by the messages alone', async () => {
  await writeFile(messages, whole);
  await writeRun(dir, fixtureRun);
  const report = await readReport(dir, fixtureCatalogue.filter(({ promise }) => promise !== 'identity-pod-ip-sandbox-kill'));
  const stranger = promisesOf(report).find(({ promise }) => promise === 'identity-pod-ip-sandbox-kill');
  assert.equal(stranger?.outcome, 'failed');
  assert.equal(stranger.stockCode, 'POD_IP_CHANGED');
  assert.equal(stranger.feature, 'A Pod keeps its IP');
});

test('a run.json that is missing, no JSON or no run is refused with its path', async () => {
  await writeFile(join(dir, 'run.json'), '{');
  await assert.rejects(readRun(dir), { code: 'RUN_UNREADABLE', message: /run\.json is not JSON/ });
  await writeFile(join(dir, 'run.json'), '{"id":1}');
  await assert.rejects(readRun(dir), /is not a run:[^]*mode/);
  await rm(join(dir, 'run.json'));
  await assert.rejects(readRun(dir), /cannot be read, so there is nothing to report/);
  await writeRun(dir, fixtureRun);
  assert.deepEqual(await readRun(dir), fixtureRun);
});
