import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { buildReport } from './build.ts';
import type { CaseReport } from './cases.ts';
import { reportFacts } from './facts.ts';
import { fixtureCatalogue, fixtureRunDir } from './fixture/shared.ts';
import { promisesOf, type PromiseReport } from './model.ts';
import { summary } from './summary.ts';
import { exitCodeOfReport, headline } from './verdict.ts';

const dir = await fixtureRunDir();
const report = await buildReport(dir, fixtureCatalogue);

function promise(id: string): PromiseReport {
  const found = promisesOf(report).find((one) => one.promise === id);
  assert.ok(found !== undefined, `no promise ${id}`);
  return found;
}
function onlyCase(id: string): CaseReport {
  const [one, ...others] = promise(id).cases;
  assert.ok(one !== undefined && others.length === 0);
  return one;
}

test('every promise of the catalogue has an outcome, by what Cucumber really said', () => {
  assert.deepEqual(Object.fromEntries(promisesOf(report).map((one) => [one.promise, one.outcome])), {
    'lifecycle-nodes-ready': 'passed', 'lifecycle-mixed-workloads': 'passed',
    'tunnel-exec-exit-code': 'passed', 'tunnel-logs-complete': 'failed', 'tunnel-cut-is-told': 'passed', 'tunnel-top': 'error',
    'autonomy-node-restart': 'failed', 'autonomy-nothing-evicted': 'error', 'autonomy-lease-quiet': 'skipped',
    'identity-pod-ip-sandbox-kill': 'failed', 'identity-vtep-mac-flannel-restart': 'passed', 'units-traffic-stays': 'notClaimed',
  });
  assert.deepEqual(report.problems, []);
});

test('a broken promise has its code, its message and its causes', () => {
  const { error, reason } = onlyCase('tunnel-logs-complete');
  assert.equal(error?.code, 'TUNNEL_LOGS_TRUNCATED');
  assert.equal(error.message, 'kubectl logs showed 9216 of 10000 lines: the last is "<i>line 9216</i>"');
  assert.deepEqual(error.causes, ['the stream was reset by the peer', 'read ECONNRESET']);
  assert.equal(reason, error.message);
});

test('a missing step, a time-out of Cucumber and a skipped scenario are no broken promises', () => {
  assert.match(promise('tunnel-top').reason ?? '', /^No step definition matches "Then nobody has written this step yet"/);
  assert.match(promise('autonomy-nothing-evicted').reason ?? '', /^Error: function timed out/);
  assert.equal(promise('autonomy-lease-quiet').reason, undefined);
});

test('an outline is one promise with a case for each row, named apart', () => {
  const { cases } = promise('tunnel-exec-exit-code');
  assert.deepEqual(cases.map(({ slug, name }) => [slug, name]), [
    ['tunnel-exec-exit-code-line-17', 'kubectl exec returns 0, the exit code of the program'],
    ['tunnel-exec-exit-code-line-18', 'kubectl exec returns 7, the exit code of the program'],
  ]);
});

test('steps carry their keyword, status, times and tables; hooks their names', () => {
  const { steps, ms } = onlyCase('autonomy-nothing-evicted');
  assert.deepEqual(steps.map(({ kind, keyword, text, status }) => [kind, keyword, text, status]), [
    ['before', 'Before', 'a namespace of its own', 'passed'], ['step', 'Given', 'a Pod on an edge node of site east', 'passed'],
    ['step', 'When', 'a step hangs', 'failed'], ['step', 'Then', 'nobody gets here', 'skipped'], ['after', 'After', 'heal', 'passed'],
  ]);
  const hang = steps[2];
  assert.ok(hang !== undefined && hang.ms >= 39 && hang.startMs >= 8 && hang.startMs + hang.ms <= ms + 1, JSON.stringify({ hang, ms }));
  assert.deepEqual(onlyCase('lifecycle-mixed-workloads').steps.find(({ table }) => table !== undefined)?.table, [['tier', 'replicas'], ['cloud', '2'], ['edge', '3']]);
});

test('faults are told once each, in time order, from injection over evidence to the end', () => {
  const { faults, budgets } = onlyCase('autonomy-node-restart');
  assert.deepEqual(faults.map(({ kind, target }) => [kind, target]), [['wan-down', 'site east'], ['node-restart', 'node dev-worker2']]);
  for (const { startMs, verifiedMs, endMs, evidence } of faults) {
    assert.ok(startMs >= 0 && verifiedMs !== undefined && verifiedMs > startMs && endMs !== undefined && endMs > verifiedMs);
    assert.ok(evidence !== undefined && evidence !== '');
  }
  assert.deepEqual(budgets, [{ what: 'the Pod runs again', budgetMs: 60_000, tookMs: 60_000 }]);
  assert.equal(onlyCase('identity-pod-ip-sandbox-kill').identities[0]?.after[0]?.['ip'], '10.244.3.9');
});

test('capabilities add up, and the exit code says the worst', () => {
  assert.deepEqual(report.capabilities.map(({ capability, verdict }) => [capability, verdict]),
    [['lifecycle', 'pass'], ['tunnel', 'partial'], ['autonomy', 'fail'], ['identity', 'partial'], ['units', 'not claimed']]);
  assert.equal(exitCodeOfReport(report), 1);
  assert.equal(headline(report), 'reference broke 3 of 10 promises. 2 could not be told.');
});

test('the facts of report --json', () => {
  const facts = reportFacts(report);
  assert.deepEqual(facts.implementation, { name: 'reference', version: '0.1.0' });
  assert.deepEqual(facts.claims, ['lifecycle', 'tunnel', 'autonomy', 'identity']);
  assert.deepEqual(facts.capabilities['tunnel'],
    { claimed: true, verdict: 'partial', passed: 2, failed: 1, errors: 1, notRun: 0, skipped: 0, notSelected: 0, notClaimed: 0 });
  assert.equal(facts.promises.find(({ id }) => id === 'autonomy-node-restart')?.code, 'POD_NOT_BACK');
  assert.equal(facts.exitCode, 1);
  assert.equal(basename(facts.paths.html), 'report.html');
});

test('the summary shows the matrix, and each promise that was not kept with its reason', () => {
  const lines = summary(report);
  assert.equal(lines[0], headline(report));
  assert.match(lines.join('\n'), /^tunnel +partial +2 +1 +1 +0$/m);
  assert.match(lines.join('\n'), /^failed {10}autonomy-node-restart {2}\(features\/autonomy\/cut-off\.feature:5\)$/m);
  assert.match(lines.join('\n'), /^ {2}\[POD_NOT_BACK\] the Pod was not running 60 s/m);
});

test('conformance.yaml tells the result of each capability and promise', async () => {
  const yaml = parse(await readFile(join(dir, 'conformance.yaml'), 'utf8'));
  assert.equal(yaml.capabilities.lifecycle.result, 'pass');
  assert.deepEqual(yaml.promises['identity-pod-ip-sandbox-kill'], { result: 'failed', code: 'POD_IP_CHANGED', reason: 'the Pod web-0 had 10.244.3.7 and now has 10.244.3.9' });
  assert.equal(yaml.versions.kubernetes, '1.37.2');
});

test('building leaves no drafts behind, and can be done again', async () => {
  await buildReport(dir, fixtureCatalogue);
  assert.deepEqual((await readdir(dir)).sort(), ['conformance.yaml', 'junit.xml', 'logs', 'messages.ndjson', 'report.html', 'run.json']);
});
