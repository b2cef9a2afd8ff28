import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Envelope } from '@cucumber/messages';
import { ProgressPrinter, type ProgressOutput } from './progress-printer.ts';

interface Told {
  name: string;
  tags: string[];
  results: { status: string; exception?: { type: string; message: string } }[];
}

/** What a run of these scenarios prints, each taking 3 s. */
function told(scenarios: readonly Told[], output: Partial<ProgressOutput> = {}): string {
  let now = 0;
  let text = '';
  const printer = new ProgressPrinter({ write: (more) => { text += more; }, now: () => now, ...output });
  const say = (envelope: object): void => printer.message(envelope as Envelope);
  scenarios.forEach(({ name, tags, results }, index) => {
    say({ pickle: { id: `p${index}`, name, tags: tags.map((tag) => ({ name: tag })), steps: results.map((_, step) => ({ id: `ps${step}`, text: `step ${step}` })) } });
    say({ testCase: { id: `c${index}`, pickleId: `p${index}`, testSteps: results.map((_, step) => ({ id: `s${step}`, pickleStepId: `ps${step}` })) } });
  });
  scenarios.forEach(({ results }, index) => {
    say({ testCaseStarted: { id: `r${index}`, testCaseId: `c${index}` } });
    results.forEach((result, step) => {
      say({ testStepStarted: { testCaseStartedId: `r${index}`, testStepId: `s${step}` } });
      say({ testStepFinished: { testCaseStartedId: `r${index}`, testStepId: `s${step}`, testStepResult: result } });
    });
    now += 3000;
    say({ testCaseFinished: { testCaseStartedId: `r${index}` } });
  });
  return text;
}

const passed = { status: 'PASSED' };
const broken = { status: 'FAILED', exception: { type: 'PromiseBroken', message: '[POD_IP_CHANGED] it had 1 and has 2' } };

test('one line for each scenario, and why it failed', () => {
  const text = told([
    { name: 'Holds', tags: ['@autonomy'], results: [passed, passed] },
    { name: 'Breaks', tags: ['@identity'], results: [passed, broken] },
    { name: 'Blind', tags: ['@tunnel'], results: [{ status: 'FAILED', exception: { type: 'WaitTimeoutError', message: 'no set-up' } }] },
    { name: 'Unasked', tags: ['@tunnel'], results: [{ status: 'SKIPPED' }] },
  ]);
  assert.equal(text, [
    '[1/4] ✓ autonomy: Holds (3 s)',
    '[2/4] ✗ identity: Breaks (3 s)',
    '        [POD_IP_CHANGED] it had 1 and has 2',
    '[3/4] ? tunnel: Blind (3 s)',
    '        could not tell: no set-up',
    '[4/4] - tunnel: Unasked (3 s)',
    '',
  ].join('\n'));
});

test('a reason cannot write over other lines', () => {
  const text = told([{ name: 'Hostile', tags: ['@tunnel'], results: [{ status: 'FAILED', exception: { type: 'PromiseBroken', message: '[X] \u001b[2K\r[1/1] ✓ all is well' } }] }]);
  assert.equal(text, '[1/1] ✗ tunnel: Hostile (3 s)\n        [X] \\u001b[2K\\u000d[1/1] ✓ all is well\n');
});

test('in a control, the failure that the tag names is what is wanted, and nothing else is', () => {
  const text = told([
    { name: 'A', tags: ['@identity', '@stock:POD_IP_CHANGED'], results: [broken] },
    { name: 'B', tags: ['@identity', '@stock:TRAFFIC_DOWN'], results: [broken] },
    { name: 'C', tags: ['@identity', '@stock:TRAFFIC_DOWN'], results: [passed] },
    { name: 'D', tags: ['@identity', '@baseline'], results: [broken] },
  ], { control: true });
  const heads = text.split('\n').filter((line) => line.startsWith('['));
  assert.deepEqual(heads, [
    '[1/4] ✓ identity: A (3 s), fails as it must',
    '[2/4] ✗ identity: B (3 s): it should fail with TRAFFIC_DOWN',
    '[3/4] ✗ identity: C (3 s): it passed, and should fail with TRAFFIC_DOWN',
    '[4/4] ✗ identity: D (3 s)',
  ]);
});

test('a terminal shows what runs now, never longer than its line', () => {
  const text = told([{ name: 'A long name that does not fit', tags: ['@autonomy'], results: [passed] }], { terminalColumns: 30 });
  const shown = text.split('\r\u001b[K').slice(1, -1);
  assert.ok(shown.length >= 2);
  assert.ok(shown.every((line) => line.length <= 30), JSON.stringify(shown));
});

test('on a terminal it is told how long is left, by what it took before', () => {
  const scenarios = Array.from({ length: 9 }, (_, index) => ({ name: `Holds ${index}`, tags: ['@autonomy', `@autonomy-${index}`], results: [passed] }));
  const earlier = Object.fromEntries(scenarios.map((_, index) => [`autonomy-${index}`, 30_000]));
  // Each takes 3 s here: a tenth of what it took before.
  assert.match(told(scenarios, { terminalColumns: 120, earlier }), /\[8\/9\] less than a minute left … autonomy: Holds 7: set-up/);
  assert.doesNotMatch(told(scenarios, { terminalColumns: 120 }), /left/);
});
