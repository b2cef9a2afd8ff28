import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Scenario } from '../features/catalogue.ts';
import { buildReport } from './build.ts';
import { judgeControl, type ControlVerdict } from './control.ts';
import { fixtureCatalogue, fixtureRunDir } from './fixture/shared.ts';
import { markOf } from './marks.ts';
import { promisesOf } from './model.ts';
import { summary } from './summary.ts';
import { exitCodeOfReport, headline } from './verdict.ts';

const dir = await fixtureRunDir({ mode: 'control', implementation: { name: 'stock', version: '0.1.0', claims: ['lifecycle'] } });
const report = await buildReport(dir, fixtureCatalogue);

/** How the control judges what really happened to a promise, had its tags been others. */
function judged(promise: string, tags: { baseline: true } | { stockCode: string }): ControlVerdict {
  const scenario = fixtureCatalogue.find((one) => one.promise === promise);
  assert.ok(scenario !== undefined);
  const { stockCode: _old, ...rest } = scenario;
  const changed: Scenario = 'baseline' in tags ? { ...rest, baseline: true } : { ...rest, baseline: false, stockCode: tags.stockCode };
  const [verdict] = judgeControl(report, [changed]).verdicts;
  assert.ok(verdict !== undefined);
  return verdict;
}

const cases: [name: string, promise: string, tags: { baseline: true } | { stockCode: string }, result: string, sentence: RegExp][] = [
  ['a baseline that passes', 'lifecycle-nodes-ready', { baseline: true }, 'asNamed', /^It passed, as it must\.$/],
  ['a baseline that fails', 'identity-pod-ip-sandbox-kill', { baseline: true }, 'wrong', /must pass on plain Kubernetes, and failed with POD_IP_CHANGED: the Pod web-0/],
  ['a failure with the code that is named', 'identity-pod-ip-sandbox-kill', { stockCode: 'POD_IP_CHANGED' }, 'asNamed', /^It failed with POD_IP_CHANGED, as its tag says\.$/],
  ['a failure with another code', 'identity-pod-ip-sandbox-kill', { stockCode: 'POD_EVICTED' }, 'wrong', /must fail on plain Kubernetes with POD_EVICTED, and failed with POD_IP_CHANGED/],
  ['a pass that was to fail', 'lifecycle-nodes-ready', { stockCode: 'NODE_NOT_READY' }, 'wrong', /and passed: it proves nothing\.$/],
  ['an outline of which every example passes', 'tunnel-exec-exit-code', { stockCode: 'TUNNEL_EXEC_FAILED' }, 'wrong', /and passed: it proves nothing/],
  ['an undefined step', 'tunnel-top', { stockCode: 'TUNNEL_TOP_UNKNOWN' }, 'cannotTell', /could not be told: No step definition matches/],
  ['a time-out of the harness', 'autonomy-nothing-evicted', { stockCode: 'POD_EVICTED' }, 'cannotTell', /could not be told: Error: function timed out/],
  ['an error in a baseline', 'autonomy-nothing-evicted', { baseline: true }, 'cannotTell', /must pass .* could not be told/],
  ['a skipped scenario', 'autonomy-lease-quiet', { baseline: true }, 'cannotTell', /and was skipped\.$/],
  ['a scenario that did not run', 'units-traffic-stays', { stockCode: 'UNIT_TRAFFIC_LEFT' }, 'cannotTell', /and did not run\.$/],
];
for (const [name, promise, tags, result, sentence] of cases) {
  test(`${name}: ${result}`, () => {
    const verdict = judged(promise, tags);
    assert.equal(verdict.result, result);
    assert.match(verdict.sentence, sentence);
  });
}

test('a promise that the report does not know did not run', () => {
  const stranger = { ...fixtureCatalogue[0], promise: 'lifecycle-new' } as Scenario;
  assert.deepEqual(judgeControl(report, [stranger]).verdicts.map(({ result }) => result), ['cannotTell']);
});

test('the control asks everything, whatever stock claims, and fails when one scenario is not as named', async () => {
  assert.equal(report.counts.notClaimed, 0);
  assert.equal(exitCodeOfReport(report), 1);
  assert.match(headline(report), /^The control failed: 3 of 12 promises did not do on plain Kubernetes what their tags say\.$/);
  const junit = await readFile(join(dir, 'junit.xml'), 'utf8');
  assert.match(junit, /<testcase classname="identity[^>]*\[identity-pod-ip-sandbox-kill\]" time="[\d.]+"\/>/, 'failed as named: a pass');
  assert.match(junit, /<failure message="It must fail on plain Kubernetes with TUNNEL_EXEC_FAILED, and passed/);
  assert.match(await readFile(join(dir, 'report.html'), 'utf8'), /expected to break most promises/);
  assert.match(summary(report).join('\n'), /^capability +as named +not as named +could not tell$/m);
});

test('when all scenarios are as named the control passes, although most of them failed', () => {
  const catalogue = fixtureCatalogue.filter(({ promise }) => ['identity-pod-ip-sandbox-kill', 'autonomy-node-restart', 'lifecycle-nodes-ready'].includes(promise));
  const control = judgeControl(report, catalogue);
  assert.deepEqual({ ...control, verdicts: [] }, { verdicts: [], asNamed: 3, wrong: 0, cannotTell: 0 });
  const good = { ...report, control };
  assert.equal(exitCodeOfReport(good), 0);
  assert.equal(headline(good), 'Plain Kubernetes did what the tags say for all 3 promises.');
  assert.deepEqual(promisesOf(good).filter(({ promise }) => promise === 'autonomy-node-restart').map((one) => markOf(good, one)),
    [{ kind: 'good', word: 'as named', sentence: 'It failed with POD_NOT_BACK, as its tag says.' }]);
  assert.equal(exitCodeOfReport({ ...good, problems: ['The run was interrupted.'] }), 2);
});
